/// Where the observations of a run are kept as they are taken.
public protocol SampleKeeping {
    /// The directory in which they are kept.
    var directory: String { get }
    /// - Throws: `.output` when it can't be written down. What was kept before is still whole.
    func append(_ observation: Observation) throws(LabError)
    /// Writes down how the run ended; nothing may be appended afterwards.
    func finish(_ closing: RunResult.Closing) throws(LabError)
}
