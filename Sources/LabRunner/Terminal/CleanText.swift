import LabCore

/// What cleaning has to say, as lines.
enum CleanText {
    static func line(_ resource: JournaledResource) -> String { "\(resource.kind.rawValue) \(resource.name)" }

    static func line(_ failure: Cleaner.Outcome.Failure) -> String {
        let reason = failure.error.reason
        return "\(line(failure.resource)) is left: \(reason)"
    }
}
