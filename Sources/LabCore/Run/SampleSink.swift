/// Where a run puts what it measures, as it measures it: a crash must lose no finished sample.
public protocol SampleSink: AnyObject {
    /// Takes what is known before the first trial. Called once, before any `append`.
    func begin(_ header: RunResult.Header) throws(LabError)
    /// Takes one trial. Called outside any measured time.
    func append(_ observation: Observation) throws(LabError)
}
