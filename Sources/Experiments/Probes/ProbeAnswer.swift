import LabCore

/// The answer of the workload `probe` to one probe: `NAME RESULT DETAIL`, where RESULT is `ok`, the number of an errno,
/// `signal N` or `timeout`, and DETAIL is printable ASCII with other bytes as `\xNN`.
struct ProbeAnswer: Equatable, Sendable {
    enum Result: Equatable, Sendable {
        case ok
        case errno(Int32)
        case signal(Int32)
        case timeout
    }
    var name: String
    var result: Result
    /// Escaped, so that it is safe in any report.
    var detail: String

    /// The word that follows the last probe.
    static let end = "done"

    /// Nil for what is no answer of a probe.
    init?(output: String) {
        let words = output.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard words.count == 2, !words[0].isEmpty,
            words[0].utf8.allSatisfy({
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d
            })
        else { return nil }
        name = String(words[0])
        var rest = words[1]
        func word() -> Substring {
            let end = rest.firstIndex(of: " ") ?? rest.endIndex
            defer { rest = end == rest.endIndex ? rest[end...] : rest[rest.index(after: end)...] }
            return rest[..<end]
        }
        switch word() {
        case "ok": result = .ok
        case "timeout": result = .timeout
        case "signal":
            guard let number = Self.number(word(), in: 1...64) else { return nil }
            result = .signal(number)
        case let digits:
            guard let number = Self.number(digits, in: 1...4_095) else { return nil }
            result = .errno(number)
        }
        guard rest.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) else { return nil }
        detail = String(rest)
    }

    private static func number(_ digits: Substring, in range: ClosedRange<Int32>) -> Int32? {
        guard !digits.isEmpty, digits.utf8.count <= 4, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int32(digits), range.contains(number)
        else { return nil }
        return number
    }

    /// The result in the kernel's words.
    var text: Message {
        switch result {
        case .ok: "ok"
        case .errno(let code): "\(Errno(code).name)"
        case .signal(let number): "signal \(number)"
        case .timeout: "timeout"
        }
    }

    /// The answers of a whole transcript.
    /// - Parameter names: the probes that were asked for, in their order.
    /// - Throws: `.instance` unless there is one answer for each, in that order, and then the end.
    static func all(of outputs: [String], names: [String]) throws(LabError) -> [ProbeAnswer] {
        var answers: [ProbeAnswer] = []
        for output in outputs.dropLast() {
            guard let answer = ProbeAnswer(output: output) else {
                throw LabError(
                    .instance, "the workload said what is no answer of a probe",
                    cause: "\(GuestTranscript.printable(output.utf8.prefix(80)))")
            }
            answers.append(answer)
        }
        guard outputs.last == end, answers.map(\.name) == names else {
            throw LabError(
                .instance, "the workload did not answer as it was asked",
                cause: "\(answers.count) answers to \(names.count) probes, or in another order")
        }
        return answers
    }
}

extension [ProbeAnswer] {
    /// Each by its name, the first where there are several.
    var byName: [String: ProbeAnswer] {
        Dictionary(map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
