import LabCore

extension Report {
    /// The answer as plain text for a terminal: the first table in aligned columns, then what is unavailable and why,
    /// and the verdicts. Lines hold no control character and no line feed.
    public static func summaryLines(for figures: Figures, language text: Language = .english) -> [String] {
        let report = Analysis(figures).report(in: text)
        return TerminalRenderer.render(
            [.paragraph(report.summaryTitle), .table(table(report))] + report.summaryFigures
                + (builds(report) + absences(report) + systems(report) + verdicts(report)).map(
                    Block.paragraph))
    }

    /// The headline figure of each engine where nothing is varied, in one line; empty where there is none.
    public static func headline(of figures: Figures, language text: Language = .english) -> String {
        let analysis = Analysis(figures)
        return analysis.engines.compactMap { engine in
            figures.estimate(analysis.headline, engine.id).map {
                "\(text.name(engine.record).plain) \(text.shown($0, analysis.headline).figure)"
            }
        }.joined(separator: text.say(", "))
    }

    /// The method's own table, or that of each limit where limits are the answer.
    private static func table(_ report: any MethodReport) -> Table {
        guard report.isSweep else { return report.summary }
        return SweepSection(report: report).table(of: report.analysis.headline).closed(report.text)
    }

    /// A line for each build that the user named: what it is; and how the builds of one engine compare.
    private static func builds(_ report: any MethodReport) -> [Phrase] {
        let text = report.text
        return report.analysis.engines.compactMap { engine in
            engine.record.build.map { build in
                let version = build.version.map { ", \(text.say($0))" as Phrase } ?? Phrase()
                return "\(text.name(engine.record)): \(.code(build.path))\(version)"
            }
        }
            + report.analysis.builds.map {
                text.sentences([
                    text.compares($0, isTime: report.analysis.headline.unit == .nanoseconds)
                ])
            }
    }

    /// A line for each engine without a figure; peers that are not installed share one.
    private static func absences(_ report: any MethodReport) -> [Phrase] {
        let text = report.text
        let missing = report.analysis.engines.filter { !$0.isMeasured }
        let absent = missing.filter(\.isAbsentPeer).map { text.name($0.record) }
        return missing.filter { !$0.isAbsentPeer }.compactMap { engine in
            if engine.record.availability == .available && report.summaryHasFailedEngines { return nil }
            return "\(text.name(engine.record)): \(text.absence(engine))"
        } + (absent.isEmpty ? [] : [text.notInstalled(text.list(absent))])
    }

    /// A line for each reason for which there was no complete system to start.
    private static func systems(_ report: any MethodReport) -> [Phrase] {
        let (text, analysis) = (report.text, report.analysis)
        return analysis.points.filter { $0.factors == [.payload] }.flatMap { point in
            var reasons: [(words: Phrase, engines: [Phrase])] = []
            for engine in analysis.engines {
                guard let error = analysis.noSystem(engine, at: point) else { continue }
                let (words, name) = (text.unavailable(because: error), text.name(engine.record))
                if let known = reasons.firstIndex(where: { $0.words == words }) {
                    reasons[known].engines.append(name)
                } else {
                    reasons.append((words, [name]))
                }
            }
            return reasons.map {
                "\(text.condition(point)) (\(text.list($0.engines))): \($0.words)" as Phrase
            }
        }
    }

    /// A claim and its verdict on a line, or a line per verdict where it was judged more than once.
    private static func verdicts(_ report: any MethodReport) -> [Phrase] {
        let text = report.text
        let conditions = text.conditions(of: report.lab)
        return report.lab.claims.flatMap { claim -> [Phrase] in
            let judgements = claim.judge(report.analysis.figures)
            // Of several readings of the same words each says which it is.
            let isRead = report.lab.claims.count { $0.text == claim.text && $0.source == claim.source } > 1
            let words = text[claim.text] + (isRead ? text.say(" (\(claim.id))") : "")
            if judgements.count == 1 { return ["\(words): \(text.verdict(judgements[0], of: claim))"] }
            return ["\(words): \(text.tally(judgements))"]
                + Verdict.allCases.compactMap { verdict in
                    let places = judgements.filter { $0.verdict == verdict }.map { judgement in
                        claim.rule.each.map { conditions.words($0, of: judgement.point) }
                            ?? Phrase(conditions.experimentPlace(judgement.point))
                    }
                    guard !places.isEmpty else { return nil }
                    let most = 12
                    let left = places.count - most
                    let shown = places.prefix(most) + (left > 0 ? [text.andMore(left)] : [])
                    return "  \(text.name(verdict)): \(shown.joined(separator: text.say(", ")))"
                }
        }
    }
}
