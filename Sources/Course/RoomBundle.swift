import LabCore
import OCI

/// The part of a `config.json` that is done in a room, as the words of a shell that does it: root, mounts of the types bind,
/// proc and tmpfs, namespaces, environment and arguments. All else is passed over, as what the room already sees to.
///
/// As in runc, a process without a mount namespace of its own is put into its root by chroot(2) alone.
struct RoomBundle {
    /// The command of a shell in the room.
    let script: String
    /// The process's own.
    let arguments: [String]

    /// - Throws: `.data` for what can't be done, or would be no container's.
    init(_ spec: RuntimeSpec) throws(LabError) {
        guard let root = spec.root, Self.isPlain(root.path) else {
            throw Self.refused("root.path", spec.root?.path)
        }
        guard let process = spec.process, let arguments = process.args, !arguments.isEmpty else {
            throw Self.refused("process.args", nil)
        }
        guard process.cwd == "/" else { throw Self.refused("process.cwd", process.cwd) }
        let environment = process.env ?? []
        for variable in environment where !variable.contains("=") || variable.hasPrefix("=") {
            throw Self.refused("process.env", variable)
        }
        let strings = arguments + environment + [root.path]
        for text in strings where text.utf8.contains(0) || text.utf8.count > 4_096 {
            throw Self.refused("process", text)
        }
        var flags: [String] = []
        for namespace in spec.linux?.namespaces ?? [] {
            guard namespace.path == nil else { throw Self.refused("linux.namespaces.path", namespace.path) }
            flags += try Self.flags(namespace.type)
        }
        let hasMounts = flags.contains("--mount")
        var lines = ["set -e"]
        if hasMounts { lines.append(Self.line("mount", "--bind", root.path, root.path)) }
        let mounts = spec.mounts ?? []
        guard mounts.count <= 64 else { throw Self.refused("mounts", "\(mounts.count)") }
        for mount in mounts { lines += try Self.lines(mount, in: root.path) }
        if hasMounts {
            if root.readonly == true { lines.append(Self.line("mount", "-o", "remount,bind,ro", root.path)) }
            // The directory is entered anew, for what is mounted there by now.
            lines += [Self.line("cd", root.path), "mount -n --move . /"]
        } else {
            lines.append(Self.line("cd", root.path))
        }
        lines.append(
            "exec env -i \(ShellText.join(environment)) /usr/sbin/chroot . \(ShellText.join(arguments))")
        let inner = lines.joined(separator: "\n")
        script = "exec unshare \(ShellText.join(flags)) -- /bin/sh -c \(ShellText.quote(inner))"
        self.arguments = arguments
    }

    private static func line(_ words: String...) -> String { ShellText.join(words) }

    private static func flags(_ type: String) throws(LabError) -> [String] {
        switch type {
        case "mount": ["--mount"]
        case "pid": ["--pid", "--fork"]
        case "network": ["--net"]
        case "ipc", "uts", "cgroup": ["--\(type)"]
        // The room has one.
        case "user": []
        default: throw refused("linux.namespaces.type", type)
        }
    }

    private static func lines(_ mount: RuntimeSpec.Mount, in root: String) throws(LabError) -> [String] {
        guard isPlain(mount.destination), mount.destination != "/" else {
            throw refused("mounts.destination", mount.destination)
        }
        let target = root + mount.destination
        let options = mount.options ?? []
        let flags = options.filter { ["ro", "nosuid", "nodev", "noexec"].contains($0) }
        let isRecursive = options.contains("rbind")
        if mount.type == "bind" || isRecursive || options.contains("bind") {
            guard let source = mount.source, isPlain(source) else {
                throw refused("mounts.source", mount.source)
            }
            let remount = line("mount", "-o", (["remount", "bind"] + flags).joined(separator: ","), target)
            return [
                line("mkdir", "-p", target),
                line("mount", isRecursive ? "--rbind" : "--bind", source, target),
            ]
                + (flags.isEmpty ? [] : [remount])
        }
        guard let type = mount.type, ["proc", "tmpfs"].contains(type) else { return [] }
        let sizes = options.filter {
            type == "tmpfs" && ($0.hasPrefix("mode=") || $0.hasPrefix("size=")) && !$0.contains(",")
        }
        let all = (flags + sizes).joined(separator: ",")
        return [
            line("mkdir", "-p", target),
            line("mount", "-t", type, "-o", all.isEmpty ? "rw" : all, type, target),
        ]
    }

    /// Whether a path is absolute, and goes nowhere but down.
    private static func isPlain(_ path: String) -> Bool {
        path.hasPrefix("/") && path.utf8.count <= 1_024 && !path.utf8.contains(0)
            && path.split(separator: "/").allSatisfy { $0 != "." && $0 != ".." }
    }

    private static func refused(_ word: Message, _ value: String?) -> LabError {
        LabError(
            .data, "the runtime of the room does not do \(word)",
            cause: value.map { "it is \(ForeignText.quoted($0))" } ?? "it is missing")
    }
}
