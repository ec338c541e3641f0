import LabCore

/// The mistake of any exercise: the program did not begin, or something else than was meant read it.
package enum NotStarted {
    package static let mistake = "not-started"

    /// What leads away from it, as the steps of an exercise's own hints.
    package static let steps: [Message] = [
        "The kernel did not execute your program in the room, or sh(1) read it in place of another language.",
        "A file is executed by what its first bytes say: `#!` and the path of an interpreter, up to the end of the line, or ELF. In the room there is only what is below /usr; what is in your home, in a virtual environment or behind a carriage return is not.",
        "execve(2), “Interpreter scripts”; ls -l, head -n 1 FILE | od -c, file FILE, ldd FILE; then `env -i /work/FILE` as in the room",
    ]

    /// Why a program did not begin; nil where nothing says that it didn't.
    /// - Parameter errors: what was written to standard error in its room.
    static func reason(_ artefact: Artefact, errors: [UInt8]) -> Message? {
        guard let program = artefact.files[artefact.program], !program.isEmpty else { return nil }
        let line = program.prefix { $0 != 0x0a }
        let isScript = line.starts(with: Array("#!".utf8))
        guard isRefused(artefact.program, errors) else {
            let isBinary = program.starts(with: [0x7f, 0x45, 0x4c, 0x46])
            return isScript || isBinary
                ? nil : "its first line does not say by #! who is to execute it, so sh(1) did"
        }
        if isScript, line.last == 0x0d {
            return
                "the program did not start: its first line ends with a carriage return, as editors on Windows write it"
        }
        if isScript {
            let name = ForeignText.quoted(String(decoding: line.dropFirst(2), as: UTF8.self))
            return "the program did not start: its first line names \(name), which is not in the room"
        }
        return "the program did not start: this machine can't execute such a file in the room"
    }

    /// Whether the room's own shell says that it could not execute it.
    private static func isRefused(_ name: String, _ errors: [UInt8]) -> Bool {
        String(decoding: errors, as: UTF8.self).split(separator: "\n").contains { line in
            line.hasPrefix("room: ")
                && ["not found", "Permission denied", "Exec format error"].contains {
                    line.hasSuffix("\(CheckBench.work)/\(name): \($0)")
                }
        }
    }
}
