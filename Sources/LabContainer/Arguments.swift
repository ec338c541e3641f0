import ContainerDriver
import Glibc
import LabCore

/// The command line. Read by hand, because a parser would take longer to start than a container.
struct Arguments {
    /// What to run; nil when only the help was asked for.
    let run: ContainerRun?

    private static let options = ["--memory", "--cpus", "--hostname", "--help"]
    private static let remedy =
        "lab-container run [--memory SIZE] [--cpus N] [--hostname NAME] ROOTFS COMMAND [ARG…]"

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
        var memory: UInt64?
        var cpus: Int?
        var hostname: String?
        while let word = rest.first, word.hasPrefix("-") {
            rest.removeFirst()
            if word == "--" { break }
            if word == "--help" || word == "-h" {
                run = nil
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
                memory = bytes
            case "--cpus":
                guard let number = Int(value), (1...4_096).contains(number) else {
                    throw LabError(
                        .usage, "--cpus is \(value)", cause: "it must be a whole number from 1 to 4096")
                }
                cpus = number
            default:
                guard (1...64).contains(value.utf8.count) else {
                    throw LabError(.usage, "--hostname is \(value)", cause: "it must have 1 to 64 bytes")
                }
                hostname = value
            }
        }
        guard let root = rest.popFirst(), !rest.isEmpty else {
            throw LabError(.usage, "ROOTFS and COMMAND must be given", remedy: Self.remedy)
        }
        var run = ContainerRun(root: root, command: Array(rest))
        if let hostname { run.hostname = hostname }
        if memory != nil || cpus != nil {
            run.limits = ResourceLimits(
                // What is not limited gets all there is.
                memoryBytes: memory ?? UInt64(Int64.max),
                cpus: cpus ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        }
        self.run = run
    }
}
