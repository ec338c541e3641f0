import LabCore

// What is done with a command of the user's own.
extension Language {
    /// A command's words, or whose they are where none were said.
    func words(of command: CommandDefinition) -> Phrase {
        let words = (command.entrypoint ?? []) + command.arguments
        return words.isEmpty ? say("of the image") : .code(ShellText.join(words))
    }
    /// A command that is started, and how it comes to its end.
    func lifeOfCommand(_ command: Phrase, _ readiness: Readiness) -> Phrase {
        guard readiness != .exit else {
            return say(
                "Each trial starts one instance with the command \(command), waits for its end and removes everything of it."
            )
        }
        return say(
            "Each trial starts one instance with the command \(command), waits until it is ready (\(code: readiness.word)), "
                + "asks it to end and removes everything of it.")
    }
    func commandMethod(_ command: Phrase) -> Phrase {
        say(
            "Each trial starts one instance with the command \(command) and the word that the row names, which "
                + "prepares, is \(code: "ready"), does its work and ends: from there to its end is the time, over "
                + "the operations that it says it did. Host CPU time covers everything the host does for the "
                + "instance, VMM threads included.")
    }
    /// A command that does what a client asks of it.
    func drivenMethod(_ command: Phrase) -> Phrase {
        say(
            "Each trial starts one instance with the command \(command) and the word that the row names. From when it "
                + "is \(code: "ready") a client drives it, whose whole life is the time, over the operations that the "
                + "client says it did. Host CPU time covers everything the host does for the instance, VMM threads "
                + "included, and nothing of what the client does.")
    }
    /// Who drives a command, from where, and over what.
    func clientMethod(_ client: Phrase) -> Phrase {
        say(
            "The client \(client) runs on this host, outside the instances and their limits, and begins when the command "
                + "is \(code: "ready"); the figures are read from what it writes, and the command is asked to end when it "
                + "has ended. On a bridge of this host it reaches a container over a veth pair and a VM over a tap; "
                + "\(code: "process") it reaches over this host's loopback interface.")
    }
}
