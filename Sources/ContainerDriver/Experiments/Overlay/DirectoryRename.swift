import Glibc
import LabCore

/// The outcome of rename(2) of a directory of a lower layer: refused with EXDEV (`redirect_dir=off`), so that a
/// program must copy it, or done by an attribute that says where it came from (`redirect_dir=on`).
///
/// Values: `rename-nanoseconds`, and the truths `renamed` and `lower-untouched`.
struct DirectoryRename: Experiment {
    let id = "directory-rename"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let setting = bench.setting, ["redirect_dir=on", "redirect_dir=off"].contains(setting) else {
            throw LabError(.usage, "directory-rename needs the setting redirect_dir=on or redirect_dir=off")
        }
        return try OverlayStage.with(bench) { (stage) throws(LabError) in
            try Files.makeDirectory("\(stage.lower())/old")
            try Files.write("content", to: "\(stage.lower())/old/file")
            try stage.mount(options: [setting])
            let (old, new) = ("\(stage.merged())/old", "\(stage.merged())/new")
            let (result, code, nanoseconds) = old.withCString { old in
                new.withCString { new in
                    let began = MonotonicInstant.now()
                    let result = rename(old, new)
                    let code = errno
                    return (result, code, MonotonicInstant.now().nanoseconds(since: began))
                }
            }
            let isRenamed = result == 0 && !Files.exists(old) && Files.line("\(new)/file") == "content"
            var finding = Finding(values: ["rename-nanoseconds": Double(nanoseconds)])
            let origin = OverlayStage.attribute("redirect", of: "\(stage.upper())/new")
            finding.note(
                "renamed", isRenamed, answer: result == 0 ? "renamed" : "\(Errno(code).name)",
                mechanism: result == 0 ? nil : .hostKernel,
                evidence: "trusted.overlay.redirect: \(origin.or("none"))")
            let isUntouched = Files.line("\(stage.lower())/old/file") == "content"
            finding.note(
                "lower-untouched", isUntouched, answer: isUntouched ? "as before" : "changed",
                evidence: "\(stage.lower())/old")
            return finding
        }
    }
}
