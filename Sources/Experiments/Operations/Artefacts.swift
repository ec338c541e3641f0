import Glibc
import LabCore

/// Everything between nothing and a running instance: the files of the image, the lines that describe the instance,
/// and what its processes on the host hold while it lives.
struct Artefacts: Experiment {
    let id = "artefacts"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        var finding = Finding()
        let request = bench.request(.idle)
        let text = try engine.explain(request).english
        finding.values["configuration-lines-count"] =
            Double(text.split(separator: "\n").count { !$0.allSatisfy(\.isWhitespace) })
        if let engine = engine as? any ImageBased {
            finding.values["image-parts-count"] = Double(try engine.image().paths.count)
        }
        try bench.with(request, on: engine) { (instance) throws(LabError) in
            try instance.waitUntilReady(deadline: request.deadline)
            guard let visible = instance as? any HostVisible else {
                throw LabError(.unavailable, "the processes of \(engine.id) are unknown")
            }
            let processes = try visible.hostProcesses()
            var held = HeldFiles()
            for process in processes { held.add(process) }
            finding.values["host-processes-count"] = Double(processes.count)
            finding.values["held-files-count"] = Double(held.count)
            let names = processes.map { Shown.plain($0.name ?? "?") }
            finding.facts["host-processes"] = Fact(
                answer: "\(names.joined(separator: ", "))",
                evidence: "\(processes.map { "/proc/\($0.pid)" as String }.joined(separator: ", "))")
        }
        return finding
    }
}

/// The files that processes have mapped or open: programs, libraries, images.
private struct HeldFiles {
    private struct Inode: Hashable {
        let device: UInt64
        let number: UInt64
    }
    private var seen: Set<Inode> = []
    var count: Int { seen.count }

    /// Adds those of one process; one that has ended holds none.
    mutating func add(_ process: HostProcess) {
        let place = "/proc/\(process.pid)"
        // address perms offset dev inode path, see proc_pid_maps(5). The path is that of the process's own root.
        for line in ((try? Files.readText("\(place)/maps")) ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 5)
            // The path stands behind more spaces, in a column.
            guard fields.count == 6, case let path = fields[5].drop(while: { $0 == " " }), path.first == "/"
            else {
                continue
            }
            add(file: "\(place)/root\(path)")
        }
        for name in Files.list("\(place)/fd") { add(file: "\(place)/fd/\(name)") }
    }

    private mutating func add(file path: String) {
        var status = stat()
        // One without a name is memory, or is being thrown away.
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink > 0 else {
            return
        }
        seen.insert(Inode(device: UInt64(status.st_dev), number: UInt64(status.st_ino)))
    }
}
