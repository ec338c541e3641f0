import ContainerDriver
import Glibc
import LabCore

/// The command line. Read by hand, because a parser would take longer to start than a container.
struct Arguments {
    /// The container to run; nil when only the help was asked for.
    let run: ContainerRun?

    private static let options = ["--memory", "--cpus", "--pids", "--storage", "--hostname", "--help"]
    private static let remedy: Message =
        "lab-container run [OPTION…] ROOTFS COMMAND [ARG…]; lab-container --help"

    init(_ words: some Collection<String>) throws(LabError) {
        var rest = Array(words)[...]
        guard let command = rest.popFirst() else {
            throw LabError(.usage, "no subcommand was given", remedy: Self.remedy)
        }
        if ["--help", "-h", "help"].contains(command) {
            run = nil
            return
        }
        guard command == "run" else {
            throw LabError(
                .usage, "\"\(command)\" is no subcommand\(didYouMean(command, in: ["run", "--help"]))",
                remedy: Self.remedy)
        }
        var run = ContainerRun(root: "", command: [])
        while let word = rest.first, word.hasPrefix("-") {
            rest.removeFirst()
            if word == "--" { break }
            if word == "--help" || word == "-h" {
                self.run = nil
                return
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init)
            guard Self.options.contains(parts[0]) else {
                throw LabError(
                    .usage, "\"\(word)\" is no option\(didYouMean(parts[0], in: Self.options))",
                    remedy: Self.remedy)
            }
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                throw LabError(.usage, "\(parts[0]) has no value", remedy: Self.remedy)
            }
            switch parts[0] {
            case "--memory":
                let bytes = try Units.parseBytes(value)
                guard bytes <= Units.mostMemory else {
                    throw LabError(
                        .usage, "--memory is \(value)",
                        cause: "it must be at most \(Units.format(bytes: Units.mostMemory))")
                }
                // As with docker: what a process takes to become one at all.
                guard bytes >= 6 << 20 else {
                    throw LabError(.usage, "--memory is \(value)", cause: "it must be at least 6 MiB")
                }
                run.memoryBytes = bytes
            case "--cpus":
                guard let number = Int(value), (1...4_096).contains(number) else {
                    throw LabError(
                        .usage, "--cpus is \(value)", cause: "it must be a whole number from 1 to 4096")
                }
                run.cpus = number
            case "--pids":
                let number = Int(value)
                guard value == "unlimited" || number.map((1...4_000_000).contains) == true else {
                    throw LabError(
                        .usage, "--pids is \(value)",
                        cause: "it must be unlimited or a whole number from 1 to 4000000")
                }
                (run.pids, run.mustLimitPids) = (number, number != nil)
            case "--storage":
                run.storageBytes = try Units.parseBytes(value)
                // tmpfs(5): 0 would be no limit.
                guard (1 << 20...1 << 46).contains(run.storageBytes) else {
                    throw LabError(.usage, "--storage is \(value)", cause: "it must be from 1MiB to 64TiB")
                }
            default:
                guard (1...64).contains(value.utf8.count) else {
                    throw LabError(.usage, "--hostname is \(value)", cause: "it must have 1 to 64 bytes")
                }
                run.hostname = value
            }
        }
        guard let root = rest.popFirst(), !rest.isEmpty else {
            throw LabError(.usage, "ROOTFS and COMMAND must be given", remedy: Self.remedy)
        }
        (run.root, run.command) = (root, Array(rest))
        self.run = run
    }
}
