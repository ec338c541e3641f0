import LabCore

// The page around a report.
extension Language {
    var contents: String { say("Sections") }
    var plotKeys: String {
        say(
            "Rest the pointer on a mark for its values; by keyboard, Tab to the plot and move with the "
                + "arrow keys."
        )
    }
}
