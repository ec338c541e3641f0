import Glibc
import LabCore

/// Everything on the host that carries a run's id, by which lab finds again what it made: found by looking, not by what
/// lab believes to have made.
struct Traces: Equatable {
    /// Processes with the id in their command line or in the name of their cgroup; a zombie has neither.
    private(set) var processes: Set<String> = []
    /// Directories of cgroups.
    private(set) var cgroups: Set<String> = []
    private(set) var mounts: Set<String> = []
    /// Files and directories in lab's own places, the run's journal left out: it lives as long as the run.
    private(set) var files: Set<String> = []

    var count: Int { processes.count + cgroups.count + mounts.count + files.count }

    /// The depth below a place to which files are looked for.
    private static let deepest = 6

    init() {}

    /// Looks now.
    init(of context: RunContext) {
        let id = context.runID
        processes = Self.processes(id)
        let table = MountTable.current()
        mounts = Set(table.entries.map(\.mountPoint).filter { $0.contains(id) })
        for entry in table.entries where entry.type == "cgroup" || entry.type == "cgroup2" {
            Self.collectDirectories(entry.mountPoint, carrying: id, &cgroups)
        }
        Self.collect(context.paths.run(id), id, depth: 0, &files)
        // The files of VMs; libvirt's driver keeps the states and logs of its domains here, too.
        for place in Set([context.paths.machines, context.paths.libvirtRoots]) {
            Self.collect(place, id, depth: 0, &files)
        }
    }

    /// Counts the cgroups that were written down as there: an engine keeps them for all of its instances.
    mutating func expect(_ journaled: [JournaledResource]) {
        cgroups.formUnion(journaled.filter { $0.kind == .cgroup }.map(\.name))
    }

    /// Returns the traces that are here and not in `other`, those of before.
    func subtracting(_ other: Traces) -> Traces {
        var rest = self
        rest.processes.subtract(other.processes)
        rest.cgroups.subtract(other.cgroups)
        rest.mounts.subtract(other.mounts)
        rest.files.subtract(other.files)
        return rest
    }

    /// In words, for evidence.
    var text: String {
        let all = [processes, cgroups, mounts, files].flatMap { $0.sorted() }
        let shown = all.prefix(6).map { Shown.plain($0) }
        return (shown + (all.count > shown.count ? ["… \(all.count - shown.count)"] : [])).joined(
            separator: ", ")
    }

    private static func processes(_ id: String) -> Set<String> {
        let carriers = HostProcess.all.filter { process in
            guard process.pid != getpid(), let words = process.commandLine, !words.isEmpty else {
                return false
            }
            return (words + process.cgroups.map(String.init)).contains { $0.contains(id) }
        }
        return Set(carriers.map { "/proc/\($0.pid)" })
    }

    /// Directories below `path` with the id in their path, however deep: a cgroup may be made in any that was delegated.
    private static func collectDirectories(
        _ path: String, carrying id: String, _ found: inout Set<String>
    ) {
        for name in Files.list(path) {
            let inner = "\(path)/\(name)"
            guard !isLink(inner), Files.isDirectory(inner) else { continue }
            if inner.contains(id) { found.insert(inner) }
            collectDirectories(inner, carrying: id, &found)
        }
    }

    /// Entries below `path` whose path carries the id.
    private static func collect(_ path: String, _ id: String, depth: Int, _ found: inout Set<String>) {
        guard depth < deepest else { return }
        for name in Files.list(path) {
            let inner = "\(path)/\(name)"
            if inner.contains(id) { found.insert(inner) }
            if !isLink(inner), Files.isDirectory(inner) { collect(inner, id, depth: depth + 1, &found) }
        }
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}
