import LabCore

/// The way in which density is measured: the parameter `setting`, words of `NAME=VALUE` with a space between two.
struct DensitySetting: Equatable {
    /// `budget=1GiB`: how much memory the instances may take together.
    var budgetBytes: UInt64 = 1 << 30
    /// `ksm=on` or `ksm=off`: whether the host merges pages that are alike; nil to leave it as the host has it.
    var merges: Bool?

    init() {}

    init(_ text: String) throws(LabError) {
        for word in text.split(separator: " ") {
            switch word {
            case "ksm=on": merges = true
            case "ksm=off": merges = false
            default:
                guard word.hasPrefix("budget="), let bytes = Self.bytes(word.dropFirst(7)) else {
                    throw LabError(
                        .usage, "the setting \"\(text)\" of density is unknown",
                        cause: "\"\(word)\" is none of budget=SIZE, ksm=on, ksm=off")
                }
                budgetBytes = bytes
            }
        }
    }

    /// `512MiB`, `4GiB`.
    private static func bytes(_ text: Substring) -> UInt64? {
        for (unit, shift) in [("MiB", 20), ("GiB", 30)] where text.hasSuffix(unit) {
            return UInt64(text.dropLast(unit.count)).flatMap {
                (1...1 << 20).contains($0) ? $0 << shift : nil
            }
        }
        return nil
    }
}
