import FoundationEssentials
import Glibc
import LabCore

/// The raw samples of a run, written down as they are taken, so that a crash loses none: `samples.jsonl`.
///
/// The first line is the header, then follows one line per observation, and the last says how the run ended; a log
/// without an ending belongs to a run that was killed. Each line is one write(2) on a descriptor in append mode. What
/// has been written survives the death of the program at once (the page cache holds it), not a power cut.
public final class SampleLog: SampleKeeping {
    public let directory: String
    public static let fileName = "samples.jsonl"

    public let path: String
    private let file: FileDescriptor
    private let encoder: JSONEncoder
    /// Bytes of complete lines: what a failed write is cut back to.
    private var length = 0

    /// Starts the log of a new run in a results directory, which must exist.
    /// - Throws: `.output` when the file exists already or can't be written.
    public init(directory: String, header: RunResult.Header) throws(LabError) {
        self.directory = directory
        path = "\(directory)/\(SampleLog.fileName)"
        encoder = ResultStore.encoder(pretty: false)
        do {
            file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND)
        } catch {
            throw LabError(
                .output, "cannot write the samples to \(path)", cause: "\(error)",
                remedy: error == Errno(EEXIST) ? "choose another directory with --output" : nil)
        }
        try write(header)
    }

    /// Writes one observation down.
    /// - Throws: `.output`, for instance when the disk is full. What was appended before is still whole and readable.
    public func append(_ observation: Observation) throws(LabError) {
        try write(observation)
    }

    /// Writes down how the run ended; nothing may be appended afterwards.
    public func finish(_ closing: RunResult.Closing) throws(LabError) {
        try write(closing)
    }

    private func write(_ line: some Encodable) throws(LabError) {
        var bytes = try ResultStore.encode(line, with: encoder)
        bytes.append(0x0a)
        do {
            try file.writeAll(bytes)
        } catch {
            // Half a line would make the next one unreadable.
            ftruncate(file.rawValue, length)
            throw LabError(
                .output, "cannot write a sample to \(path)", cause: "\(error)",
                remedy: FullFileSystem.remedy(error, at: path).map {
                    "\($0); `lab report \(path)` reports on the samples before this one"
                })
        }
        length += bytes.count
    }
}

extension Runner {
    /// Makes the run and returns all of it, see `run(log:accept:disturbances:watch:)`.
    /// - Parameter directory: where `samples.jsonl` is written as the samples are taken; nil to keep none.
    public func run(
        samplesIn directory: String?, accept: (RunResult.Header) throws(LabError) -> Void = { _ in },
        disturbances: () -> [Environment.Warning] = { [] }, watch: (Event) -> Void
    ) throws(LabError) -> RunResult {
        try run(
            log: { header throws(LabError) in
                try directory.map { path throws(LabError) in try SampleLog(directory: path, header: header) }
            }, accept: accept, disturbances: disturbances, watch: watch)
    }
}
