import LabCore

/// Reads single words of the command line. Every error is a `.usage` that names the option.
enum Words {
    /// A whole number within bounds.
    static func count(_ text: String, option: String, in range: ClosedRange<Int>) throws(LabError) -> Int {
        guard let value = Int(text) else {
            throw LabError(
                .usage, "\(option) is \(quoted(text))", cause: "it must be a whole number",
                remedy: "give a number from \(range.lowerBound) to \(range.upperBound)")
        }
        guard range.contains(value) else {
            throw LabError(
                .usage, "\(option) is \(value)",
                cause: "it must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A seed: any whole number that fits into 64 bits without a sign.
    static func seed(_ text: String) throws(LabError) -> UInt64 {
        guard let value = UInt64(text) else {
            throw LabError(
                .usage, "--seed is \(quoted(text))",
                cause: "it must be a whole number from 0 to \(UInt64.max)")
        }
        return value
    }

    /// A length of time above zero, in seconds.
    static func seconds(_ text: String, option: String) throws(LabError) -> Double {
        let duration: Duration
        do {
            duration = try Units.parseDuration(text)
        } catch {
            throw named(option, error)
        }
        guard duration > .zero else {
            throw LabError(.usage, "\(option) is \(quoted(text))", cause: "it must be longer than nothing")
        }
        return Double(duration.nanoseconds) / 1e9
    }

    /// A size of at least `least` bytes.
    static func bytes(_ text: String, option: String, atLeast least: UInt64) throws(LabError) -> UInt64 {
        let bytes: UInt64
        do {
            bytes = try Units.parseBytes(text)
        } catch {
            throw named(option, error)
        }
        guard bytes >= least else {
            throw LabError(
                .usage, "\(option) is \(quoted(text))",
                cause: "it must be at least \(Units.format(bytes: least))")
        }
        guard bytes <= Units.mostMemory else {
            throw LabError(
                .usage, "\(option) is \(quoted(text))",
                cause: "it must be at most \(Units.format(bytes: Units.mostMemory))")
        }
        return bytes
    }

    /// The limits that `--sweep` names: each once, with its values.
    static func limits(_ texts: [String]) throws(LabError) -> [Series.Varied] {
        var limits: [Series.Varied] = []
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw LabError(
                    .usage, "--sweep is \(quoted(text))",
                    remedy: "write it like `memory=64MiB,128MiB` or `cpus=1,2`")
            }
            let name = try choice(
                parts[0].trimmingWhitespace(), option: "--sweep", of: Factor.limits.map(\.rawValue))
            guard let factor = Factor(rawValue: name), !limits.contains(where: { $0.parameter == factor })
            else {
                throw LabError(
                    .usage, "--sweep names \(name) twice", remedy: "name all its values behind one --sweep")
            }
            var values: [Condition] = []
            for word in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                var value = Condition()
                let word = word.trimmingWhitespace()
                if factor == .memory {
                    value.memory = try bytes(
                        word, option: "--sweep memory", atLeast: InstanceOptions.leastMemory)
                } else {
                    value.cpus = try count(word, option: "--sweep cpus", in: 1...InstanceOptions.mostCPUs)
                }
                guard !values.contains(value) else {
                    throw LabError(
                        .usage, "--sweep has \(quoted(word)) twice", remedy: "name each value once")
                }
                values.append(value)
            }
            limits.append(Series.Varied(factor, values))
        }
        return limits
    }

    /// An engine as `--engine` names it: by its name, or as another build of one.
    struct NamedEngine: Equatable {
        let id: EngineID
        var build: EngineBuild?

        /// The engine that it is, or is a build of.
        var kind: EngineID { build?.kind ?? id }
        /// The word that names it again.
        var word: String { build?.word ?? id.rawValue }
    }

    /// Engines separated by commas, each once, in the order given.
    /// - Parameter texts: what was said by each `--engine`.
    static func engines(_ texts: [String]) throws(LabError) -> [NamedEngine] {
        var engines: [NamedEngine] = []
        let words = texts.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        for word in words.map({ $0.trimmingWhitespace() }) {
            var engine: NamedEngine
            if let build = try EngineBuild(word) {
                _ = try EngineFactory.engine(of: build)
                engine = NamedEngine(id: build.name, build: build)
            } else {
                engine = NamedEngine(id: try EngineFactory.named(word).id)
            }
            try refuseTwice(engine.id, in: engines.map(\.id))
            engines.append(engine)
        }
        return engines
    }

    /// Engines of this machine's by their names alone.
    static func knownEngines(_ text: String) throws(LabError) -> [EngineID] {
        var engines: [EngineID] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let id = try EngineFactory.named(word.trimmingWhitespace()).id
            try refuseTwice(id, in: engines)
            engines.append(id)
        }
        return engines
    }

    private static func refuseTwice(_ engine: EngineID, in engines: [EngineID]) throws(LabError) {
        guard engines.contains(engine) else { return }
        throw LabError(
            .usage, "--engine names \(engine) twice",
            remedy: "name each engine once, and each build of one by a name of its own")
    }

    /// Engines of results by their ids, separated by commas.
    static func engines(_ text: String, of engines: [EngineID]) throws(LabError) -> [EngineID] {
        let known = engines.map(\.rawValue)
        // A command that hyperfine ran may have commas in it.
        if known.contains(text) { return [EngineID(rawValue: text)] }
        return try chosen(text, of: known) { name in
            LabError(
                .usage, "the results have no engine \(quoted(name))\(didYouMean(name, in: known))",
                remedy: "choose from \(Set(known).sorted().joined(separator: ", "))")
        }.map { EngineID(rawValue: $0) }
    }

    /// Metrics by their ids, separated by commas.
    static func metrics(_ text: String, of metrics: [Metric]) throws(LabError) -> [String] {
        let known = metrics.map(\.id)
        return try chosen(text, of: known) { name in
            LabError(
                .usage, "the result has no metric \(quoted(name))\(didYouMean(name, in: known))",
                remedy: "choose from \(known.joined(separator: ", "))")
        }
    }

    /// Words separated by commas, each one of those that are known.
    private static func chosen(
        _ text: String, of known: [String], refusal: (String) -> LabError
    ) throws(LabError) -> [String] {
        var chosen: [String] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let name = word.trimmingWhitespace()
            guard known.contains(name) else { throw refusal(name) }
            chosen.append(name)
        }
        return chosen
    }

    /// A percentage from 0 on, as a share: `3%` is 0.03.
    static func percentage(_ text: String, option: String) throws(LabError) -> Double {
        let most = 10_000.0
        guard text.hasSuffix("%"), let value = Double(text.dropLast().trimmingWhitespace()),
            value >= 0, value <= most
        else {
            throw LabError(
                .usage, "\(option) is \(quoted(text))", cause: "it must be a percentage from 0% to 10000%",
                remedy: "write it like `5%`")
        }
        return value / 100
    }

    /// One word of a closed set.
    static func choice(_ text: String, option: String, of known: [String]) throws(LabError) -> String {
        guard known.contains(text) else {
            throw LabError(
                .usage, "\(option) is \(quoted(text))\(didYouMean(text, in: known))",
                remedy: "choose one of \(known.joined(separator: ", "))")
        }
        return text
    }

    private static func named(_ option: String, _ error: LabError) -> LabError {
        LabError(error.kind, "\(option): \(error.message)", cause: error.cause, remedy: error.remedy)
    }
}

/// A word of the user's in quotation marks, shortened, and without what a terminal would obey.
func quoted(_ word: String) -> String { ForeignText.quoted(word) }
