import Glibc
import LabCore

/// Writing and reading the files of a cgroup: existing, never created, one write(2) each. See cgroups(7).
enum ControlFile {
    static func write(_ text: String, to path: String) throws(LabError) {
        do throws(Errno) {
            try Files.overwrite(text, at: path)
        } catch {
            let kind: LabError.Kind =
                error == Errno(EACCES) || error == Errno(EPERM) ? .permission : .unavailable
            throw LabError(kind, "cannot write \(text) to \(path)", cause: error)
        }
    }

    /// The decimal number in a file, nil when it can't be read or is none (`max`).
    static func number(_ path: String) -> UInt64? { Files.line(path).flatMap(UInt64.init) }

    /// The number of `key` in a flat keyed file; nil when it has none.
    static func number(of key: String, in path: String) -> UInt64? {
        (try? Files.readText(path, limit: 1 << 16)).flatMap { value(of: key, in: $0) }
    }

    /// The number of `key` in the text of a flat keyed file, lines of `KEY VALUE` (Documentation/admin-guide/cgroup-v2.rst
    /// in Linux); nil when no line has it or its value is no number.
    static func value(of key: String, in text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            guard fields.count == 2, fields[0] == key else { continue }
            return UInt64(fields[1])
        }
        return nil
    }

    /// The pids in a cgroup as this pid namespace numbers them; those it can't see (listed as 0) are left out.
    static func processes(of directory: String) -> [pid_t] {
        guard let text = try? Files.readText("\(directory)/cgroup.procs") else { return [] }
        return text.split(separator: "\n").compactMap { pid_t($0) }.filter { $0 > 0 }
    }

    /// Kills what runs in a cgroup, and nothing that has left it.
    static func endProcesses(of directory: String) {
        for pid in processes(of: directory) {
            HostProcess(pid: pid).end { processes(of: directory).contains($0.pid) }
        }
    }
}
