import ContainerDriver
import Glibc
import LabCore

/// `measure`: a plan of trials of two engines, and what follows from their times.
///
/// The engines are numbers that the oracle draws, trial by trial, in the order that was planned: how they differ is known.
/// Nothing here depends on how fast this machine is.
struct MeasureOracle: Oracle {
    let id = "measure"
    let mistakes = ["mean-of-three", "one-after-the-other", "failure-is-fast"]
    /// One for each sort of pair.
    let points = 4

    /// The most trials of a plan.
    private static let most = 400
    /// A ratio nearer to 1 than this is no difference, and an answer may be as far from the truth.
    private static let tolerance = log(1.1)
    /// Whoever has fewer of an engine that were ready can't know.
    private static let fewest = 10

    private struct Trial {
        let engine: Int
        let milliseconds: Double
        let isReady: Bool
    }

    /// Two engines and what is true of them.
    private struct Pair {
        let names: [String]
        let base: Double
        /// The time of the second by that of the first; 1 where they are the same.
        var ratio = 1.0
        /// How much slower the machine becomes from the first trial to the last, as a logarithm.
        var drift = 0.0
        /// The one that often does not come up, and says so early.
        var failing: Int?

        init(_ point: Int, _ draw: inout Draw) {
            let first = draw.name()
            names = [first, "\(draw.name())-\(first.prefix(1))"]
            base = Double.random(in: 20...400, using: &draw)
            let ratio = Double.random(in: 1.4...2, using: &draw)
            let (isFaster, isSpeedingUp) = (Bool.random(using: &draw), Bool.random(using: &draw))
            if point > 0 { self.ratio = isFaster ? 1 / ratio : ratio }
            if point == 0 || point == 3 {
                drift = Double.random(in: 0.5...0.6, using: &draw) * (isSpeedingUp ? -1 : 1)
            }
            let failing = Int.random(in: 0...1, using: &draw)
            if point == 2 { self.failing = failing }
        }

        /// What a plan's trials take. The first one of all finds nothing in the machine's caches, and each fifth is disturbed.
        func trials(_ plan: [Int], _ draw: inout Draw) -> [Trial] {
            plan.enumerated().map { place, engine in
                var time = base * (engine == 1 ? ratio : 1)
                time *= exp(drift * Double(place) / Double(plan.count) + 0.06 * Self.normal(&draw))
                let disturbance = Double.random(in: 3...8, using: &draw)
                if Double.random(in: 0..<1, using: &draw) < 0.2 { time *= disturbance }
                if place == 0 { time *= 5 }
                let fails = Double.random(in: 0..<1, using: &draw) < 0.6
                guard engine == failing, fails else {
                    return Trial(engine: engine, milliseconds: time, isReady: true)
                }
                let early = Double.random(in: 0.05...0.1, using: &draw)
                return Trial(engine: engine, milliseconds: base * early, isReady: false)
            }
        }

        /// A number of the standard normal distribution (Box and Muller 1958).
        private static func normal(_ draw: inout Draw) -> Double {
            let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &draw))).squareRoot()
            return radius * cos(2 * Double.pi * Double.random(in: 0..<1, using: &draw))
        }

        /// As the program reads them.
        func text(_ trials: [Trial]) -> String {
            trials.enumerated().map { place, trial in
                let time = decimal(trial.milliseconds, digits: 3)
                return "\(place + 1) \(names[trial.engine]) \(time) \(trial.isReady ? "ready" : "failed")\n"
            }.joined()
        }
    }

    private enum Reading: Equatable {
        case same
        case ratio(Double)
    }

    func words(_ point: Int, _ draw: inout Draw) -> [String] { ["plan"] + Pair(point, &draw).names }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let pair = Pair(point, &draw)
        let plan: [Int]
        switch try bench.answer(artefact, ["plan"] + pair.names).said {
        case .failure(let judgement): return judgement
        case .success(let output):
            let lines = output.split(separator: UInt8(ascii: "\n")).map {
                String(decoding: $0, as: UTF8.self)
            }
            plan = lines.compactMap { pair.names.firstIndex(of: $0) }
            guard plan.count == lines.count, plan.contains(0), plan.contains(1) else {
                return .wrong(nil, "the plan is not one of the two engines on each line, and both of them")
            }
            guard plan.count <= Self.most else {
                return .wrong(nil, "the plan has \(plan.count) trials, of \(Self.most) at most")
            }
        }
        let trials = pair.trials(plan, &draw)
        let answer = try bench.answer(
            artefact, ["judge"] + pair.names + ["/samples/trials"],
            change: { $0.binds.append(.init("samples", at: "/samples")) },
            furnish: { (directory) throws(LabError) in
                try Files.makeDirectory("\(directory)/samples")
                try Files.write(pair.text(trials), to: "\(directory)/samples/trials")
            })
        return try answer.judged { judged($0, pair, trials) }
    }

    private func judged(_ output: [UInt8], _ pair: Pair, _ trials: [Trial]) -> Judgement {
        let text = String(decoding: output.prefix(1_024), as: UTF8.self).trimmingWhitespace()
        var reading: Reading?
        if text == "same" {
            reading = .same
        } else if let ratio = Double(text), ratio.isFinite, ratio > 0 {
            reading = .ratio(ratio)
        }
        let truth = pair.ratio == 1 ? "same" : decimal(pair.ratio, digits: 2)
        let said: Message = "the answer was \(ForeignText.quoted(text)), and true is \(truth)"
        switch reading {
        case .same? where pair.ratio == 1: return .right("no difference was seen where there is none")
        case .ratio(let ratio)? where pair.ratio != 1 && abs(log(ratio / pair.ratio)) < Self.tolerance:
            return .right("the ratio \(decimal(ratio, digits: 2)) is right; true is \(truth)")
        default: return .wrong(mistake(reading, pair, trials), said)
        }
    }

    /// How one comes to a wrong answer: by what was planned, else by which other figure it is.
    private func mistake(_ reading: Reading?, _ pair: Pair, _ trials: [Trial]) -> String? {
        let ready = trials.filter(\.isReady)
        let few = [0, 1].contains { engine in ready.count(where: { $0.engine == engine }) < Self.fewest }
        let places = [0, 1].map { engine in
            Self.mean(trials.indices.filter { trials[$0].engine == engine }.map(Double.init))
        }
        let isApart = abs(places[1] - places[0]) > Double(trials.count) / 4
        func isNear(_ trials: [Trial], within factor: Double, _ figure: ([Double]) -> Double) -> Bool {
            guard case .ratio(let ratio)? = reading else { return false }
            let figures = [0, 1].map { engine in
                figure(trials.filter { $0.engine == engine }.map(\.milliseconds))
            }
            return abs(log(ratio * figures[0] / figures[1])) < log(factor)
        }
        if few { return "mean-of-three" }
        if pair.failing != nil,
            isNear(trials, within: 1.5, { Statistics.median($0) ?? 0 })
                || isNear(trials, within: 1.5, Self.mean)
        {
            return "failure-is-fast"
        }
        if pair.drift != 0, isApart { return "one-after-the-other" }
        return isNear(ready, within: 1.1, Self.mean) ? "mean-of-three" : nil
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}

/// A positive number with so many decimal digits.
private func decimal(_ value: Double, digits: Int) -> String {
    let unit = Int(pow(10, Double(digits)))
    let whole = Int((min(value, 1e12) * Double(unit)).rounded())
    return "\(whole / unit).\("\(whole % unit)".zeroPadded(to: digits))"
}
