import LabCore
import Texts

/// The lines that cleaning has to say.
struct CleanText {
    let text: Language

    func line(_ resource: JournaledResource) -> String { "\(kind(resource.kind)) \(resource.name)" }

    /// That it is gone, or as it was.
    func done(_ resource: JournaledResource) -> String {
        (resource.kind == .setting ? text.say("put back: ") : text.say("gone: "))
            + line(resource)
    }

    /// Returns the words for what will be done.
    func planned(_ resource: JournaledResource) -> String {
        (resource.kind == .setting
            ? text.say("would put back: ") : text.say("would remove: "))
            + line(resource)
    }

    func left(_ failure: Cleaner.Outcome.Failure) -> String {
        let (what, reason) = (line(failure.resource), text.say(failure.error.reason))
        return text.say("\(what) is left: \(reason)")
    }

    var nothingLeft: String { text.say("nothing is left of any dead run") }
    func alive(_ run: String) -> String { text.say("left alone: the run \(run), which is alive") }

    private func kind(_ kind: JournaledResource.Kind) -> String {
        text.say(Message(stringLiteral: kind.rawValue))
    }
}
