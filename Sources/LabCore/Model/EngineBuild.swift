import Glibc

/// A program of the user's in the place of a known engine's own, `NAME=KIND:PATH`: an engine of its own in the run, so
/// that two builds of one tool are measured in turns.
public struct EngineBuild: Codable, Equatable, Sendable {
    /// The engine's name in plans and reports.
    public let name: EngineID
    /// The known engine whose command line the program has.
    public let kind: EngineID
    /// Of the program, from the root.
    public let path: String
    /// The first line of what it says to `--version`; nil before it was asked.
    public package(set) var version: Message?
    /// SHA-256 of the file; nil before it was read.
    public package(set) var digest: String?

    /// No name has more letters: it is part of names of cgroups, containers and directories.
    public static let mostLetters = 32
    /// PATH_MAX without the terminating zero, see limits.h.
    private static let longestPath = 4_095

    /// Reads one word; nil for one without `=`, which is an engine's name.
    /// - Throws: `.usage` for a name or a path that can't be one. The file itself is not looked at.
    public init?(_ word: String) throws(LabError) {
        guard let equal = word.firstIndex(of: "=") else { return nil }
        let rest = word[word.index(after: equal)...]
        guard let colon = rest.firstIndex(of: ":") else {
            throw Self.refusal(word, because: "it is not written NAME=KIND:PATH")
        }
        let name = String(word[..<equal])
        guard Self.isName(name) else {
            throw Self.refusal(
                word,
                because:
                    "its name must be 1 to \(Self.mostLetters) lower-case letters, digits and hyphens, with no hyphen at an end, "
                    + "and no number of six digits behind the last"
            )
        }
        self.name = EngineID(rawValue: name)
        kind = EngineID(rawValue: String(rest[..<colon]))
        path = String(rest[rest.index(after: colon)...])
        guard path.hasPrefix("/") else {
            throw Self.refusal(
                word, because: "its path does not begin at the root", remedy: "write the whole path")
        }
        guard path.utf8.count <= Self.longestPath else {
            throw Self.refusal(word, because: "\(Errno(ENAMETOOLONG))")
        }
        // The words of --engine are separated by commas, env(1) takes a word with `=` for a variable, and what is no
        // UTF-8 has become U+FFFD on its way here.
        let unfit = path.unicodeScalars.contains {
            $0.value < 0x20 || "=,\u{7f}\u{fffd}".unicodeScalars.contains($0)
        }
        guard !unfit else {
            throw Self.refusal(
                word,
                because: "its path holds a comma, an equals sign, a control character or what is no UTF-8",
                remedy: "make a symbolic link to the program and name that")
        }
    }

    /// Returns true for 1 to 32 lower-case letters, digits and hyphens, no hyphen at an end, and no number of six digits or
    /// more behind the last: that is what an instance adds to its engine's name.
    public static func isName(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...mostLetters).contains(text.utf8.count), let first = parts.first, let last = parts.last,
            !first.isEmpty, !last.isEmpty,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x2d })
        else { return false }
        return last.utf8.count < 6 || !last.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// The word that names it again.
    public var word: String { "\(name)=\(kind):\(path)" }

    /// - Throws: `.usage` when there is no file that this user may execute.
    public func check() throws(LabError) {
        guard Files.exists(path) else {
            throw Self.refusal(
                word, because: "\(path) is not there", remedy: "name the program by the path at which it lies"
            )
        }
        guard !Files.isDirectory(path) else {
            throw Self.refusal(word, because: "\(path) is a directory", remedy: "name the program in it")
        }
        guard access(path, X_OK) == 0 else {
            throw Self.refusal(
                word, because: "\(path) is not executable", remedy: "chmod +x \(ShellText.quote(path))")
        }
    }

    /// The first line of what a program says of its version.
    public static func version(of program: String) -> Message {
        let output = try? Tool.run(
            program, ["--version"], in: "/", deadline: .now().advanced(by: .seconds(10)))
        guard let output, output.status == 0 else { return "unknown" }
        return output.text.split(separator: "\n").first.map { "\(ForeignText.line(String($0), most: 200))" }
            ?? "unknown"
    }

    /// The error about a word that names no build.
    public static func refusal(_ word: String, because cause: Message, remedy: Message? = nil) -> LabError {
        LabError(
            .usage, "--engine \(ForeignText.quoted(word)) names no engine", cause: cause,
            remedy: remedy ?? "write it like new=crun:/opt/crun/bin/crun")
    }
}

extension EngineBuild {
    /// The error of one that was tried and doesn't work: the program may be another than its kind says.
    public func failure(_ error: LabError) -> LabError {
        guard error.kind != .interrupted else { return error }
        return LabError(
            error.kind, "\(path) does not work as \(kind)", cause: error.reason,
            remedy: error.remedy ?? "of itself it says: \(version ?? "unknown"); name a build of \(kind)",
            detail: error.detail)
    }
}

extension LabDefinition {
    /// Asks for half of the width and for up to four times as many trials where a run compares builds: what a change is worth
    /// is mostly less than what the engines differ by.
    public mutating func comparesBuilds() {
        changeSamples { samples in
            guard let precision = samples.precision else { return }
            samples.precision = precision / 2
            samples.growth *= 4
        }
    }

    /// Treats a build as the engine that it is one of: it is in the same series, with as many trials and rounds.
    public mutating func admit(_ build: EngineBuild) {
        guard build.name != build.kind else { return }
        changeSamples { $0.counts.perEngine[build.name] = $0.counts.perEngine[build.kind] }
        let own = rounds?.perEngine[build.kind]
        rounds?.perEngine[build.name] = own
        for place in series.indices where series[place].engines?.contains(build.kind) == true {
            series[place].engines?.append(build.name)
        }
    }
}
