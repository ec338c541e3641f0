import Glibc
import LabCore

/// The part of a lower layer's file that chmod(2) copies: with `metacopy=off` all of it, with `metacopy=on` only what
/// changed. The file has 16 MiB.
///
/// Values: `chmod-nanoseconds`, `upper-bytes`, and the truth `lower-untouched`.
struct MetadataCopyUp: Experiment {
    let id = "metadata-copy-up"

    private static let bytes = 16 << 20

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let setting = bench.setting, ["metacopy=on", "metacopy=off"].contains(setting) else {
            throw LabError(.usage, "metadata-copy-up needs the setting metacopy=on or metacopy=off")
        }
        return try OverlayStage.with(bench) { (stage) throws(LabError) in
            let lower = "\(stage.lower())/file"
            try Disk.fill(lower, bytes: Self.bytes, &bench.generator)
            try stage.mount(options: [setting])
            let path = "\(stage.merged())/file"
            let (result, code, nanoseconds) = path.withCString { path in
                let began = MonotonicInstant.now()
                let result = chmod(path, 0o600)
                let code = errno
                return (result, code, MonotonicInstant.now().nanoseconds(since: began))
            }
            guard result == 0 else {
                throw LabError(.output, "cannot chmod \(path)", cause: "\(Errno(code))")
            }
            let upper = "\(stage.upper())/file"
            let copied = Disk.allocatedBytes(upper)
            let isUntouched =
                OverlayStage.status(lower)?.st_mode == S_IFREG | 0o644
                && OverlayStage.status(path)?.st_mode == S_IFREG | 0o600
                && OverlayStage.status(path)?.st_size == Self.bytes
            var finding = Finding(values: [
                "chmod-nanoseconds": Double(nanoseconds), "upper-bytes": Double(copied),
            ])
            let isMetadata = OverlayStage.attribute("metacopy", of: upper) != nil
            finding.note(
                "lower-untouched", isUntouched, answer: isMetadata ? "only the metadata" : "the whole file",
                mechanism: nil,
                evidence: "the writable layer holds \(copied) of \(Self.bytes) bytes; "
                    + "trusted.overlay.metacopy \(isMetadata ? "set" : "not set")")
            return finding
        }
    }
}
