import LabCore
import OCI

/// A runtime specification as docker and podman are told it, as far as their flags are alike.
enum ContainerFlags {
    /// The differences from the others, beside what they can't be told.
    static let footnote: Message =
        "the image was imported from the shared root; its writable layer is on disk, that of container in memory"

    static func words(_ spec: RuntimeSpec, filterFile: String) -> [String] {
        let (process, linux) = (spec.process, spec.linux)
        let namespaces = Set((linux?.namespaces ?? []).map(\.type))
        var words = ["--pull", "never"]
        if let hostname = spec.hostname { words += ["--hostname", hostname] }
        if namespaces.contains("network") { words += ["--network", "none"] }
        if namespaces.contains("cgroup") { words += ["--cgroupns", "private"] }
        if process?.noNewPrivileges == true { words += ["--security-opt", "no-new-privileges"] }
        if linux?.seccomp != nil { words += ["--security-opt", "seccomp=\(filterFile)"] }
        if let kept = process?.capabilities {
            words += ["--cap-drop", "ALL"]
            for capability in kept.effective ?? [] { words += ["--cap-add", capability] }
        }
        for limit in process?.rlimits ?? [] where limit.type != "RLIMIT_AS" {
            let values = [limit.soft, limit.hard].map { $0 == .max ? "-1" : "\($0)" }
            let name = limit.type.dropFirst("RLIMIT_".count).lowercased()
            words += ["--ulimit", "\(name)=\(values.joined(separator: ":"))"]
        }
        let resources = linux?.resources
        if let memory = resources?.memory, let limit = memory.limit {
            words += ["--memory", "\(limit)", "--memory-swap", "\(memory.swap ?? limit)"]
        }
        if let cpu = resources?.cpu, let quota = cpu.quota, let period = cpu.period, period > 0 {
            words += ["--cpus", "\(quota / Int64(clamping: period))"]
        }
        if let pids = resources?.pids { words += ["--pids-limit", "\(pids.limit)"] }
        return words
    }

    /// A command's environment, user and directory.
    static func words(running command: CommandPayload?) -> [String] {
        guard let command else { return [] }
        var words = ["--workdir", command.directory] + command.environment.flatMap { ["--env", $0] }
        if let user = command.user {
            words += ["--user", "\(user.user):\(user.group)"]
            for group in user.groups { words += ["--group-add", "\(group)"] }
        }
        return words
    }

    /// The id that the engine gave to a container, 64 hexadecimal digits; empty until it did.
    static func inventedID(_ name: PeerName) -> [String] {
        guard let id = Files.line(name.idFile), isInventedID(id) else { return [] }
        return [id]
    }

    /// Returns true when an engine's word is an id: it goes into command lines, and tells which processes are ours.
    static func isInventedID(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
