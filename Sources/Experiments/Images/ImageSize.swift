import Glibc
import LabCore

/// The sizes of an image's files: on disk, on the way, and for ten instances that share it.
///
/// The parameter `setting` says which image: `minimal`, what this project runs, or `distribution`, a whole Debian.
struct ImageSize: Experiment {
    let id = "image-size"

    /// The number of instances that share the image.
    private static let instances = 10

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let image = try Image(of: engine, bench)
        return try bench.withScratch(id) { (scratch) throws(LabError) in
            var finding = Finding()
            var usage = DiskUsage()
            for path in image.paths { try usage.add(path) }
            finding.values["apparent-bytes"] = Double(usage.apparentBytes)
            finding.values["allocated-bytes"] = Double(usage.allocatedBytes)
            finding.values["compressed-bytes"] = Double(try image.archiveBytes(in: scratch))
            try lookForKernels(image, &finding)

            var shared = usage
            for path in try image.instances(Self.instances, in: scratch) { try shared.add(path) }
            finding.values["ten-instances-bytes"] = Double(shared.allocatedBytes)
            finding.values["ten-instances-ratio"] =
                Double(shared.allocatedBytes) / Double(usage.allocatedBytes)
            return finding
        }
    }

    private func lookForKernels(_ image: Image, _ finding: inout Finding) throws(LabError) {
        var search = KernelSearch()
        var usage = DiskUsage()
        for path in image.kernelPlaces {
            try usage.add(path) { (entry) throws(LabError) in try search.look(at: entry) }
        }
        finding.values["kernel-bytes"] = Double(search.bytes)
        let modules = search.modules > 0 ? ["\(search.modules) .ko"] : []
        let found = search.kernels.sorted().map { Shown.plain($0) } + modules
        finding.note(
            "has-kernel", !search.kernels.isEmpty,
            answer: found.isEmpty ? "–" : .names(found),
            evidence: "\(search.files) files, HdrS at 0x202")
    }
}

/// One of the images that are measured.
private struct Image {
    /// Its files and trees.
    let paths: [String]
    /// The places where its kernel would be: itself, or what it was made from.
    let kernelPlaces: [String]
    /// Its archive, if there is one already.
    let archive: String?
    let sharing: Sharing

    /// The way in which instances share it.
    enum Sharing {
        /// Each has a directory for what it writes, the upper layer of an overlay mount.
        case upperDirectories
        /// Each has a disk for what it writes, backed by this one.
        case backing(String)
        /// Each keeps what it writes in its own memory.
        case memory
    }

    init(of engine: any PreparedEngine, _ bench: Bench) throws(LabError) {
        let isMachine = engine.kind == .virtualMachine
        switch bench.setting {
        case "minimal":
            guard let engine = engine as? any ImageBased else {
                throw LabError(.unavailable, "\(engine.id) can't name the files of its image")
            }
            paths = try engine.image().paths
            kernelPlaces = paths
            archive = nil
            sharing = isMachine ? .memory : .upperDirectories
        case "distribution":
            let made = try Distribution.open(bench.context)
            paths = [isMachine ? made.disk : made.root]
            // A disk is looked into by what it was filled from.
            kernelPlaces = [made.root] + (isMachine ? [made.kernel] : [])
            archive = isMachine ? made.diskArchive : made.rootArchive
            sharing = isMachine ? .backing(made.disk) : .upperDirectories
        default:
            throw LabError(
                .usage, "image-size knows no setting \((bench.setting ?? "").debugDescription)",
                remedy: "minimal or distribution")
        }
    }

    func archiveBytes(in scratch: String) throws(LabError) -> UInt64 {
        guard let archive else { return try Archive.write(paths, to: "\(scratch)/image.tar.gz") }
        return try Archive.bytes(of: archive)
    }

    /// Makes what each of `count` instances has for itself, with one block written, and says where it is.
    func instances(_ count: Int, in scratch: String) throws(LabError) -> [String] {
        switch sharing {
        case .memory: return []
        case .backing(let disk):
            try DiskOverlays.make(count, over: disk, in: scratch)
            return (0..<count).map { "\(scratch)/\($0).qcow2" }
        case .upperDirectories:
            var places: [String] = []
            for number in 0..<count {
                let place = "\(scratch)/\(number)"
                for name in ["upper", "work"] { try Files.makeDirectory("\(place)/\(name)") }
                let block = [UInt8](repeating: UInt8(1 + number % 255), count: DiskOverlays.writtenBytes)
                try Self.writeThrough(block, to: "\(place)/upper/written")
                places.append(place)
            }
            return places
        }
    }

    /// Writes a new file and waits until it is on the disk: some file systems give it its blocks only then.
    private static func writeThrough(_ bytes: [UInt8], to path: String) throws(LabError) {
        do throws(Errno) {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL)
            try file.writeAll(bytes)
            try checked { fsync(file.rawValue) }
        } catch {
            throw LabError(.output, "cannot write \(path)", cause: "\(error)")
        }
    }
}
