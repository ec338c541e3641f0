import Glibc
import LabCore

/// The time that each further lower layer adds to finding a file: `setting` layers, all with the same directory, and
/// files only in the lowest.
///
/// Values: `lookup-nanoseconds`, one stat(2) of a name that the overlay has not seen, and `again-nanoseconds`, one of
/// a name that it has.
struct LookupDepth: Experiment {
    let id = "lookup-depth"

    private static let files = 256

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        // The kernel stacks up to 500.
        guard let layers = bench.setting.flatMap({ Int($0) }), (1...500).contains(layers) else {
            throw LabError(.usage, "lookup-depth needs a number of layers from 1 to 500 as its setting")
        }
        return try OverlayStage.with(layers: layers, bench) { (stage) throws(LabError) in
            for layer in 0..<layers { try Files.makeDirectory("\(stage.lower(layer))/directory") }
            let names = (0..<Self.files).map { "directory/file\($0)" }
            for name in names { try Files.write("", to: "\(stage.lower(layers - 1))/\(name)") }
            let paths = names.map { strdup("merged0/\($0)") }
            defer { for path in paths { free(path) } }
            // Once beforehand, so that what is measured is the overlay's work and not the disk's.
            try stage.mount(layers: layers)
            _ = try time(paths)
            stage.unmount()
            try stage.mount(layers: layers)
            return Finding(values: [
                "lookup-nanoseconds": try time(paths), "again-nanoseconds": try time(paths),
            ])
        }
    }

    /// Nanoseconds of one stat(2), by the time of all of them.
    private func time(_ paths: [UnsafeMutablePointer<CChar>?]) throws(LabError) -> Double {
        var status = stat()
        var failures = 0
        let began = MonotonicInstant.now()
        for path in paths {
            if let path, lstat(path, &status) == 0 { continue }
            failures += 1
        }
        let nanoseconds = MonotonicInstant.now().nanoseconds(since: began)
        guard failures == 0 else {
            throw LabError(.software, "\(failures) files of a lower layer can't be found")
        }
        return Double(nanoseconds) / Double(paths.count)
    }
}
