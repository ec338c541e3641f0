import Glibc
import LabCore

/// The cost of the first write to a file of a lower layer: the whole file is copied up, however little is written.
/// `setting` is the size of the file in KiB.
///
/// Values: `first-write-nanoseconds` (open for writing and write one byte), `second-write-nanoseconds` (the same once
/// more), `upper-bytes` (allocated to the copy), and the truth `lower-untouched`.
struct CopyUp: Experiment {
    let id = "copy-up"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let kibibytes = bench.setting.flatMap({ Int($0) }), (0...1 << 20).contains(kibibytes) else {
            throw LabError(.usage, "copy-up needs the size of a file in KiB as its setting")
        }
        let bytes = kibibytes << 10
        return try OverlayStage.with(bench) { (stage) throws(LabError) in
            let lower = "\(stage.lower())/file"
            try Disk.fill(lower, bytes: bytes, &bench.generator)
            try stage.mount()
            let offset = bytes == 0 ? 0 : Int(bench.generator.next() % UInt64(bytes))
            let before = try byte(of: lower, at: offset)
            let path = "\(stage.merged())/file"
            let new = ~(before ?? 0)
            let first = try write(new, to: path, at: offset)
            let second = try write(new, to: path, at: offset)

            let isUntouched =
                try byte(of: lower, at: offset) == before
                && OverlayStage.status(lower)?.st_size == bytes
            let isWritten = try byte(of: path, at: offset) == new
            let copied = Disk.allocatedBytes("\(stage.upper())/file")
            var finding = Finding(values: [
                "first-write-nanoseconds": first, "second-write-nanoseconds": second,
                "upper-bytes": Double(copied),
            ])
            finding.note(
                "lower-untouched", isUntouched && isWritten,
                answer: isUntouched ? "the lower file is as it was" : "the lower file has changed",
                mechanism: nil, evidence: "one byte at \(offset); the writable layer holds \(copied) bytes")
            return finding
        }
    }

    /// Nanoseconds that it takes to open the file for writing and write one byte.
    private func write(_ value: UInt8, to path: String, at offset: Int) throws(LabError) -> Double {
        var value = value
        let (began, written, code, ended) = path.withCString { path in
            let began = MonotonicInstant.now()
            let file = open(path, O_WRONLY | O_CLOEXEC)
            let written = file < 0 ? -1 : pwrite(file, &value, 1, offset)
            let code = errno
            let ended = MonotonicInstant.now()
            if file >= 0 { close(file) }
            return (began, written, code, ended)
        }
        guard written == 1 else {
            throw LabError(.output, "cannot write to \(path)", cause: "\(Errno(code))")
        }
        return Double(ended.nanoseconds(since: began))
    }

    /// One byte of a file; nil behind its end.
    private func byte(of path: String, at offset: Int) throws(LabError) -> UInt8? {
        var value: UInt8 = 0
        do throws(Errno) {
            let file = try FileDescriptor.open(path, O_RDONLY)
            return try checked { pread(file.rawValue, &value, 1, offset) } == 1 ? value : nil
        } catch {
            throw LabError(.input, "cannot read \(path)", cause: "\(error)")
        }
    }
}
