/// An engine that can be given another command, and the files that it starts from, while a run goes on.
public protocol TreeStarting: PreparedEngine {
    /// Makes an engine of the same kind that starts the context's command; its `shutDown` is the caller's to call.
    /// - Parameters:
    ///   - disk: an ext4 file system of the command's tree, from which a VM starts; of no use to others.
    ///   - context: of a run's number of its own, `RUN-N`.
    func starting(from disk: String?, in context: RunContext) throws(LabError) -> any PreparedEngine
}

/// A program that pulls images and runs them by itself.
public protocol ImageRunning: PreparedEngine {
    /// Pulls an image, starts a command of it, runs another beside it, ends it, and removes both.
    /// - Parameter index: of the instance.
    /// - Throws: `.unavailable` where it pulls nothing.
    func run(
        pulling reference: String, _ request: LaunchRequest, command: [String], beside: [String]
    ) throws(LabError) -> ImageRun
}

/// The phases of a run of an image that was not there.
public struct ImageRun: Equatable, Sendable {
    /// Nanoseconds.
    public var pull: UInt64
    /// Nil where that is part of the pull.
    public var unpack: UInt64?
    /// From the request until the instance stands: the command was executed in it; of a VM, its first program runs.
    public var start: UInt64
    /// Until another program of the image has run in it and ended.
    public var exec: UInt64
    public var stop: UInt64
    /// Bytes on the disk.
    public var unpackedBytes: UInt64

    public init(
        pull: UInt64, unpack: UInt64?, start: UInt64, exec: UInt64, stop: UInt64, unpackedBytes: UInt64
    ) {
        self.pull = pull
        self.unpack = unpack
        self.start = start
        self.exec = exec
        self.stop = stop
        self.unpackedBytes = unpackedBytes
    }
}

extension RunContext {
    /// The same run with another command, for instances that have a place of their own in it.
    /// - Parameter number: of an instance of the run.
    public func starting(_ command: CommandPayload, number: Int) -> RunContext {
        RunContext(
            runID: "\(runID)-\(number)", paths: paths, journal: journal, rootFilesystem: rootFilesystem,
            interrupt: interrupt, mayFetch: mayFetch, placement: placement, command: command)
    }
}
