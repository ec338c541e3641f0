import ContainerDriver
import Glibc
import LabCore

/// The program `lab-container`: one container around one command, as fast as it goes.
@main
struct LabContainer {
    static let help = """
        OVERVIEW: Runs a command in a container: with namespaces, an overlay root, limits, few capabilities and a
        seccomp filter. What it writes is gone with it. It ends when this program does.

        USAGE: lab-container run [OPTION…] ROOTFS COMMAND [ARG…]

        ROOTFS is a directory with the container's files; it is not written to. COMMAND gets this program's standard
        input, output and error. Without root the container runs in a user namespace, and can't be limited.

        OPTIONS
          --memory SIZE     at most so much memory, as 256MiB
          --cpus N          at most the time of so many CPUs
          --hostname NAME   its host name, by default lab
          --help            this text

        EXAMPLES
          lab-container run /srv/debian /bin/sh
          lab-container run --memory 256MiB --cpus 1 --hostname box ./rootfs ls -l /
          echo hello | lab-container run ./rootfs cat

        EXIT CODES
          that of COMMAND, or 128 + N when signal N ended it; else
          1    the container could not be started
          64   a word on the command line is wrong
          66   ROOTFS or COMMAND was not found
          69   this machine can't do it
          77   the kernel refused for want of privilege
          130  stopped by a signal

        """

    static func main() {
        SearchPath.dropRelative()
        do throws(LabError) {
            guard let run = try Arguments(CommandLine.arguments.dropFirst()).run else {
                print(help, terminator: "")
                return
            }
            let interrupt = try Interrupt()
            try interrupt.catchSignals()
            let status = try run.run(
                paths: { () throws(LabError) in try LabPaths.current(environment: environment()) },
                interrupt: interrupt)
            exit(status)
        } catch {
            var text = ForeignText.lines("lab-container: \(error)\n")
            // There is nobody to tell when even this fails.
            _ = text.withUTF8 { write(2, $0.baseAddress, $0.count) }
            exit(error.exitCode)
        }
    }

    /// What decides where the journal is.
    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        for name in ["LAB_HOME", "HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        return variables
    }
}
