import Glibc
import LabCore

/// The deletion of something of a lower layer, which can't be written to: a `file` by a character device 0/0 in the
/// writable layer, a `directory` that is made anew by an attribute that hides what is below it.
///
/// Values: `change-nanoseconds`, `upper-bytes`, and the truths `hidden` (it is gone as the container sees it),
/// `marked` (by the mark that the kernel documents) and `lower-untouched`.
struct Whiteout: Experiment {
    let id = "whiteout"

    private static let bytes = 1 << 20

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let setting = bench.setting, ["file", "directory"].contains(setting) else {
            throw LabError(.usage, "whiteout needs the setting file or directory")
        }
        return try OverlayStage.with(bench) { (stage) throws(LabError) in
            try Files.makeDirectory("\(stage.lower())/directory")
            let lower = "\(stage.lower())/directory/file"
            try Disk.fill(lower, bytes: Self.bytes, &bench.generator)
            try stage.mount()
            return setting == "file" ? try file(stage, lower) : try directory(stage, lower)
        }
    }

    private func file(_ stage: OverlayStage, _ lower: String) throws(LabError) -> Finding {
        let path = "\(stage.merged())/directory/file"
        let nanoseconds = try time("delete \(path)") { unlink(path) }
        let upper = OverlayStage.status("\(stage.upper())/directory/file")
        let isMarked = upper.map { $0.st_mode & S_IFMT == S_IFCHR && $0.st_rdev == 0 } ?? false
        return finding(
            stage, lower, nanoseconds, isHidden: OverlayStage.status(path) == nil, isMarked,
            mark: isMarked ? "character device 0/0" : "no whiteout", "\(stage.upper())/directory/file")
    }

    private func directory(_ stage: OverlayStage, _ lower: String) throws(LabError) -> Finding {
        let path = "\(stage.merged())/directory"
        try SeparateThread.kernel("delete \(path)/file") { unlink("\(path)/file") }
        try SeparateThread.kernel("delete \(path)") { rmdir(path) }
        let nanoseconds = try time("make \(path)") { mkdir(path, 0o755) }
        let value = OverlayStage.attribute("opaque", of: "\(stage.upper())/directory")
        return finding(
            stage, lower, nanoseconds, isHidden: Files.isDirectory(path) && Files.list(path).isEmpty,
            value == "y", mark: "trusted.overlay.opaque=\(value ?? "")", "\(stage.upper())/directory")
    }

    private func finding(
        _ stage: OverlayStage, _ lower: String, _ nanoseconds: Double, isHidden: Bool, _ isMarked: Bool,
        mark: Message, _ upper: String
    ) -> Finding {
        let left = OverlayStage.status(lower)?.st_size ?? 0
        var finding = Finding(values: [
            "change-nanoseconds": nanoseconds, "upper-bytes": Double(Disk.allocatedBytes(upper)),
        ])
        finding.note(
            "hidden", isHidden, answer: isHidden ? "gone" : "still seen", evidence: "\(stage.merged())")
        finding.note("marked", isMarked, answer: mark, evidence: "\(upper)")
        finding.note(
            "lower-untouched", left == Self.bytes, answer: "\(left) bytes as before", evidence: "\(lower)")
        return finding
    }

    /// Nanoseconds of one call.
    private func time(_ what: Message, _ call: () -> Int32) throws(LabError) -> Double {
        let began = MonotonicInstant.now()
        let result = call()
        let code = errno
        let nanoseconds = MonotonicInstant.now().nanoseconds(since: began)
        guard result == 0 else {
            throw LabError(.output, "cannot \(what)", cause: "\(Errno(code))")
        }
        return Double(nanoseconds)
    }
}
