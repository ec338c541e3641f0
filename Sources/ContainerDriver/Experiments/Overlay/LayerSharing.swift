import Glibc
import LabCore

/// The space that several writable layers over one lower layer share: as many overlays as `instances`, each of which
/// writes one small file of its own, while all read the same large one.
///
/// Values: `disk-bytes` (allocated to the lower layer and all writable ones together), `saved-ratio` (what as many whole
/// copies would take, over that), `memory-copies-ratio` (how many copies of the large file the page cache holds, by the
/// proportional set size of its mappings through each overlay), and the truths `own-layer` (what one writes, no other
/// sees) and `lower-untouched`.
struct LayerSharing: Experiment {
    let id = "layer-sharing"

    private static let baseBytes = 8 << 20
    private static let ownBytes = 4 << 10

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let count = bench.condition.instances else {
            throw LabError(.usage, "layer-sharing needs a number of instances")
        }
        return try OverlayStage.with(bench) { (stage) throws(LabError) in
            let base = "\(stage.lower())/base"
            try Disk.fill(base, bytes: Self.baseBytes, &bench.generator)
            let lowerBytes = Disk.allocatedBytes(below: stage.lower())
            for overlay in 0..<count { try stage.mount(overlay) }
            for overlay in 0..<count {
                let own = "\(stage.merged(overlay))/own"
                try Disk.fill(own, bytes: Self.ownBytes, &bench.generator)
            }
            let copies = try pageCacheCopies((0..<count).map { "\(stage.merged($0))/base" })
            let upperBytes = (0..<count).reduce(UInt64(0)) {
                $0 + Disk.allocatedBytes(below: stage.upper($1))
            }
            var finding = Finding(values: [
                "disk-bytes": Double(lowerBytes + upperBytes),
                "saved-ratio": Double(lowerBytes) * Double(count) / Double(lowerBytes + upperBytes),
                "memory-copies-ratio": copies,
            ])
            var contents: Set<Int> = []
            for overlay in 0..<count {
                var hasher = Hasher()
                try Files.read("\(stage.merged(overlay))/own").withUnsafeBytes { hasher.combine(bytes: $0) }
                contents.insert(hasher.finalize())
            }
            let isOwn =
                contents.count == count && Files.list(stage.lower()) == ["base"]
                && (0..<count).allSatisfy { Files.list(stage.upper($0)) == ["own"] }
            finding.note(
                "own-layer", isOwn, answer: "\(contents.count) of \(count) are different",
                evidence: "the writable layers hold \(upperBytes) bytes")
            finding.note(
                "lower-untouched", Disk.allocatedBytes(below: stage.lower()) == lowerBytes,
                answer: "\(lowerBytes) bytes as before", evidence: "\(stage.lower())")
            return finding
        }
    }

    /// The proportional set size of the mappings of one file by these paths, over the file's size: 1 when they are all
    /// the same pages, as many as there are paths when each has its own.
    private func pageCacheCopies(_ paths: [String]) throws(LabError) -> Double {
        var mappings: [UnsafeMutableRawPointer] = []
        defer { for mapping in mappings { munmap(mapping, Self.baseBytes) } }
        for path in paths {
            do throws(Errno) {
                let file = try FileDescriptor.open(path, O_RDONLY)
                let flags = MAP_SHARED | MAP_POPULATE
                guard let mapping = mmap(nil, Self.baseBytes, PROT_READ, flags, file.rawValue, 0),
                    mapping != MAP_FAILED
                else { throw Errno(errno) }
                mappings.append(mapping)
            } catch {
                throw LabError(.unavailable, "cannot map \(path)", cause: "\(error)")
            }
        }
        let table = try Files.readText("/proc/self/smaps")
        let sizes = mappings.map { Self.proportionalBytes(at: UInt(bitPattern: $0), in: table) ?? 0 }
        guard sizes.allSatisfy({ $0 > 0 }) else {
            throw LabError(.unavailable, "the kernel does not say what a mapping shares")
        }
        return Double(sizes.reduce(0, +)) / Double(Self.baseBytes)
    }

    /// `Pss` in bytes of the mapping that begins at an address, in the text of /proc/PID/smaps.
    static func proportionalBytes(at address: UInt, in table: String) -> UInt64? {
        let start = String(address, radix: 16) + "-"
        var isInside = false
        for line in table.split(separator: "\n") {
            if line.hasPrefix(start) { isInside = true }
            guard isInside, line.hasPrefix("Pss:") else { continue }
            return line.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }.map { $0 << 10 }
        }
        return nil
    }
}
