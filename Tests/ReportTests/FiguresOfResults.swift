import LabCore

@testable import Report

// Tests that look at one form of a result, and make its figures for that.

extension Report {
    static func files(
        for result: RunResult, language: Language = .english
    ) -> [(name: String, contents: String)] {
        files(for: Figures(result), language: language)
    }

    static func page(for results: [RunResult], language: Language) -> String {
        page(for: results.map { Figures($0) }, language: language)
    }

    static func summaryLines(for result: RunResult, language: Language = .english) -> [String] {
        summaryLines(for: Figures(result), language: language)
    }
}

extension Analysis {
    init(_ result: RunResult) { self.init(Figures(result)) }
}

extension Claim {
    func judge(_ result: RunResult) -> [Judgement] { judge(Figures(result)) }
}

extension TableSource {
    init(_ result: RunResult, path: String) { self.init(Figures(result), path: path) }

    /// The result, to be changed: then it has other figures.
    var edited: RunResult {
        get { result }
        set { figures = Figures(newValue) }
    }
}

extension ResultComparison {
    init(old: RunResult, new: RunResult) { self.init(old: [Figures(old)], new: [Figures(new)]) }
}

extension RunResult {
    func measured(_ engine: EngineID) -> [Observation] { Figures(self).samples(engine) }
}

extension Series.Varied {
    init(_ factor: Factor, _ words: [String]) { self.init(factor, words.map { [factor: $0] }) }
}
