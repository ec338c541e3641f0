import LabCore

/// What cleaning has to say, as lines.
enum CleanText {
    static func line(_ resource: JournaledResource) -> String { "\(resource.kind.rawValue) \(resource.name)" }

    /// That it is gone, or as it was.
    static func done(_ resource: JournaledResource) -> String {
        "\(resource.kind == .setting ? "put back" : "gone"): \(line(resource))"
    }

    /// What will be done.
    static func planned(_ resource: JournaledResource) -> String {
        "would \(resource.kind == .setting ? "put back" : "remove"): \(line(resource))"
    }

    static func line(_ failure: Cleaner.Outcome.Failure) -> String {
        let reason = failure.error.reason
        return "\(line(failure.resource)) is left: \(reason)"
    }
}
