import CLinux
import ContainerDriver
import Glibc
import LabCore

/// Whether `lab-container` has a watcher from its first moment. Nothing of Swift's is to be touched here: it is called before
/// its runtime begins.
@_cdecl("clinux_starts_containers")
func startsContainers(
    _ count: Int32, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
    guard count > 2, let word = words[1] else { return 0 }
    return strcmp(word, "run") == 0 ? 1 : 0
}

/// The program `lab-container`: one container around one command, as fast as it goes.
@main
struct LabContainer {
    static let help = """
        OVERVIEW: Runs a command in a container: with namespaces, an overlay root, limits, few capabilities and a
        seccomp filter. What it writes is gone with it. It ends when this program does, however that ends.

        USAGE: lab-container run [OPTION…] ROOTFS COMMAND [ARG…]

        ROOTFS is a directory with the container's files; it is not written to. COMMAND gets this program's standard
        input, output and error through pipes; where input and output are a terminal, it gets a terminal of its own.
        Without root the container runs in a user namespace.

        OPTIONS
          --memory SIZE     at most so much memory, as 256MiB
          --cpus N          at most the time of so many CPUs
          --pids N          at most so many processes and threads, or unlimited; by default 2048
          --storage SIZE    at most so much is written to its files, which are in memory; by default 1GiB, or half of
                            the memory where that is less
          --hostname NAME   its host name, by default lab
          --help            this text

        --memory, --cpus and a --pids below 300 take cgroups: root, or a delegated one. So does any --pids before Linux
        6.14, where a user without them gets none.

        SIGNALS
          A signal is COMMAND's: it ends a command that has no handler for it, as it would outside. After SIGTERM a
          command has 10 s to end. A second SIGINT or SIGTERM within 10 s ends it at once. Ctrl-Z stops it with this
          program, and fg and bg let both go on; what is typed on a terminal of the container's goes to the container.

        EXAMPLES
          lab-container run /srv/debian /bin/sh
          lab-container run --memory 256MiB --cpus 1 --hostname box ./rootfs ls -l /
          echo hello | lab-container run ./rootfs cat

        EXIT CODES
          that of COMMAND, or 128 + N when signal N ended it; else, as docker's,
          125  there is no container: a word on the command line is wrong, ROOTFS can't be used, the kernel refused,
               or what COMMAND wrote could not be passed on
          126  COMMAND can't be executed
          127  COMMAND was not found

        """

    static func main() {
        ProgramStart.prepare()
        do throws(LabError) {
            guard let run = try Arguments(words()).run else { return try say(help) }
            let outcome = try start(run)
            guard let loss = outcome.loss else { exit(outcome.status) }
            complain(loss)
            exit(outcome.status == 0 ? ContainerRun.failed : outcome.status)
        } catch {
            complain(error)
            exit(ContainerRun.failed)
        }
    }

    /// Returns the command line after the program's name.
    private static func words() -> [String] {
        var words: [String] = []
        while let word = clinux_word(Int32(words.count) + 1) { words.append(String(cString: word)) }
        return words
    }

    private static func start(_ run: ContainerRun) throws(LabError) -> ContainerRun.Outcome {
        do throws(ContainerRun.Failure) {
            return try run.run(paths: { () throws(LabError) in
                try LabPaths.current(environment: environment())
            })
        } catch {
            complain(error.error)
            exit(error.exitCode)
        }
    }

    private static func say(_ text: String) throws(LabError) {
        var text = text
        guard text.withUTF8({ write(STDOUT_FILENO, $0.baseAddress, $0.count) }) < 0 else { return }
        throw LabError(.stream, "cannot write to standard output", cause: "\(Errno(errno))")
    }

    private static func complain(_ error: LabError) {
        var text = ForeignText.lines("lab-container: \(error)\n")
        // There is nobody to tell when even this fails.
        _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Returns the variables that decide where the journal is.
    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        for name in ["LAB_HOME", "HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        return variables
    }
}
