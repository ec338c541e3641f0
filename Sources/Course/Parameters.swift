import Crypto
import LabCore

/// Random numbers that a key and a label decide: HMAC-SHA256 (RFC 2104) of a counter.
package struct Draw: RandomNumberGenerator, Sendable {
    private let key: ParameterKey
    private let point: Int
    private var counter = 0
    private var left: [UInt64] = []

    fileprivate init(_ key: ParameterKey, point: Int) { (self.key, self.point) = (key, point) }

    package mutating func next() -> UInt64 {
        if left.isEmpty {
            let block = key.derived("point", "\(point)", "\(counter)").bytes
            counter += 1
            for start in stride(from: 0, to: block.count, by: 8) {
                left.append(block[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) })
            }
        }
        return left.removeLast()
    }

    /// A word that nobody can guess: 16 hexadecimal digits.
    package mutating func nonce() -> String {
        String(next(), radix: 16).zeroPadded(to: 16)
    }

    /// A name of lower-case letters.
    package mutating func name() -> String {
        String((0..<6).map { _ in Character(Unicode.Scalar(UInt8.random(in: 0x61...0x7a, using: &self))) })
    }
}

/// 256 bits from which others are derived, each for one purpose.
package struct ParameterKey: Equatable, Sendable {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A new one from the kernel.
    package static func random() -> ParameterKey {
        var generator = SystemRandomNumberGenerator()
        return ParameterKey((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// Nil for what isn't 64 hexadecimal digits.
    package init?(hexadecimal text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: 64, by: 2) {
            guard let byte = UInt8(String(decoding: digits[start..<start + 2], as: UTF8.self), radix: 16),
                digits[start] != UInt8(ascii: "+"), digits[start] != UInt8(ascii: "-")
            else { return nil }
            bytes.append(byte)
        }
        self.bytes = bytes
    }

    package var hexadecimal: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The key for a purpose. The words are written with their lengths, so that no two lists of words are one text.
    package func derived(_ words: String...) -> ParameterKey {
        let text = words.map { "\($0.utf8.count):\($0)" }.joined(separator: ",")
        let code = HMAC<SHA256>.authenticationCode(
            for: Array(text.utf8), using: SymmetricKey(data: bytes))
        return ParameterKey(Array(code))
    }

    /// The random numbers of one point of a check.
    package func draw(point: Int) -> Draw { Draw(self, point: point) }

    // The course's secret is the key of all others, and the instructor's alone.

    /// The ticket that a student of the course is given: seals what the student hands in.
    package func ticket(of student: String) -> ParameterKey { derived("ticket", student) }

    /// The parameters of a grading, which no student can know: two with the same artefact get different ones.
    package func grading(_ student: String, exercise: String, digest: String, run: Int) -> ParameterKey {
        derived("grading", student, exercise, digest, "\(run)")
    }

    // Of a ticket:

    /// The parameters of a student's own checks, the same until it is handed in.
    package func ownChecks(of exercise: String, round: Int) -> ParameterKey {
        derived("own", exercise, "\(round)")
    }

    /// What shows that who handed in a text holds the ticket.
    package func seal(_ text: String) -> String { derived("seal", text).hexadecimal }
}
