import Glibc
import LabCore
import OCI

/// What a runtime does differently where it is not the machine's root.
enum Rootless {
    /// True for a user, and for who is root in a namespace of users alone: the kernel gives the first the inode of
    /// PROC_USER_INIT_INO.
    static let isOne: Bool = {
        if geteuid() != 0 { return true }
        var status = stat()
        return stat("/proc/self/ns/user", &status) == 0 && status.st_ino != 0xefff_fffd
    }()
}

enum IDMaps {
    /// The ids of a new user namespace, see user_namespaces(7).
    static func write(_ linux: RuntimeSpec.Linux, of pid: pid_t) throws {
        for (kind, own, mappings) in [
            ("uid", geteuid(), linux.uidMappings ?? []), ("gid", getegid(), linux.gidMappings ?? []),
        ] {
            if geteuid() != 0, mappings.count != 1 || mappings[0].size != 1 || mappings[0].hostID != own {
                try ask("new\(kind)map", mappings, of: pid)
                continue
            }
            // A user's own group alone: the right to change groups is given up for it first.
            if geteuid() != 0, kind == "gid" { try put("deny", "/proc/\(pid)/setgroups") }
            let lines = mappings.map { "\($0.containerID) \($0.hostID) \($0.size)\n" }.joined()
            try put(lines, "/proc/\(pid)/\(kind)_map")
        }
    }

    private static func put(_ text: String, _ path: String) throws {
        do { try Files.overwrite(text, at: path) } catch {
            throw Failure("failed to write \(path)", error)
        }
    }

    /// Those of /etc/subuid and /etc/subgid, which only a program with more rights may give: newuidmap(1).
    private static func ask(_ program: String, _ mappings: [RuntimeSpec.IDMapping], of pid: pid_t) throws {
        let words = mappings.flatMap { ["\($0.containerID)", "\($0.hostID)", "\($0.size)"] }
        guard Tool.find(program) != nil else {
            throw Failure("\(program) is not installed, which maps the ids of a user's container")
        }
        _ = try Tool.answer(program, ["\(pid)"] + words, asking: program)
    }
}
