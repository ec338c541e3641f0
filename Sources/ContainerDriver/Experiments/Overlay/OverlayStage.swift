import CLinux
import Glibc
import LabCore

/// A place to mount overlays for an experiment: a directory on the disk of LAB_HOME, in a mount namespace of one
/// thread, so that no mount can be left behind.
///
///     l0 l1 …      lower layers, the topmost first
///     upper0 …     the writable layer of each overlay
///     work0 …      what the kernel needs beside it
///     merged0 …    where it is mounted
struct OverlayStage: Sendable {
    let directory: String

    /// Makes a stage with so many lower layers, all empty, and hands it to `body`, on a thread of its own that stands
    /// in the stage's directory. All of it is gone afterwards.
    static func with<Value>(
        layers: Int = 1, _ bench: Bench, _ body: @escaping (OverlayStage) throws(LabError) -> Value
    ) throws(LabError) -> Value {
        try ScratchDirectory.with(bench) { (directory) throws(LabError) in
            try SeparateThread.withPrivateMounts { () throws(LabError) in
                let stage = OverlayStage(directory: directory)
                for layer in 0..<layers { try Files.makeDirectory(stage.lower(layer)) }
                // A page is all that mount(2) takes: relative paths leave room for many layers.
                try SeparateThread.kernel("go to \(directory)") { chdir(directory) }
                defer { stage.unmountAll() }
                return try body(stage)
            }
        }
    }

    func lower(_ layer: Int = 0) -> String { "\(directory)/l\(layer)" }
    func upper(_ overlay: Int = 0) -> String { "\(directory)/upper\(overlay)" }
    func merged(_ overlay: Int = 0) -> String { "\(directory)/merged\(overlay)" }

    /// Mounts an overlay over the first so many layers.
    /// - Parameter options: more of the kernel's, see Documentation/filesystems/overlayfs.rst.
    /// - Throws: `.unavailable` when the kernel refuses, as it does with an option that it doesn't know.
    func mount(_ overlay: Int = 0, layers: Int = 1, options: [String] = []) throws(LabError) {
        for name in ["upper", "work", "merged"] {
            try Files.makeDirectory("\(directory)/\(name)\(overlay)")
        }
        let lower = (0..<layers).map { "l\($0)" }.joined(separator: ":")
        let all =
            ["lowerdir=\(lower)", "upperdir=upper\(overlay)", "workdir=work\(overlay)"] + options
        let data = all.joined(separator: ",")
        try SeparateThread.kernel("mount an overlay with \(options.isEmpty ? "no options" : "\(data)")") {
            Glibc.mount("overlay", "merged\(overlay)", "overlay", 0, data)
        }
    }

    func unmount(_ overlay: Int = 0) { _ = umount2("merged\(overlay)", Int32(MNT_DETACH)) }

    private func unmountAll() {
        for name in Files.list(directory) where name.hasPrefix("merged") {
            _ = umount2(name, Int32(MNT_DETACH))
        }
    }

    /// The value of an extended attribute `trusted.overlay.NAME`, nil when there is none.
    static func attribute(_ name: String, of path: String) -> String? {
        var value = [UInt8](repeating: 0, count: 256)
        let length = clinux_get_attribute(path, "trusted.overlay.\(name)", &value, value.count)
        return length < 0 ? nil : String(decoding: value[..<length], as: UTF8.self)
    }

    /// Returns the answer of stat(2) on a path itself; nil when there is nothing.
    static func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }
}
