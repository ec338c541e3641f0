import Glibc
import LabCore

/// Calls `body` with a new directory of its own, and removes it whatever happens.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    var template = Array("/tmp/lab-test-XXXXXX".utf8CString)
    guard let name = mkdtemp(&template) else { throw Errno(errno) }
    let path = String(cString: name)
    defer { try? Files.removeTree(path) }
    return try body(path)
}

/// The checkout that these tests were built from.
let checkout = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" }

/// A seeded fuzzer: the same seed gives the same inputs on every machine.
struct Fuzzer {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func bytes(atMost count: Int) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
    }

    /// `seed` with a few bytes changed, pieces cut out, doubled or swapped, or text from `dictionary` put in.
    mutating func mutated(_ seed: [UInt8], dictionary: [String]) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let start = Int.random(in: 0...bytes.count, using: &generator)
            let end = min(bytes.count, start + Int.random(in: 0...40, using: &generator))
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes.removeSubrange(start..<end)
            case 1: bytes.insert(contentsOf: bytes[start..<end], at: start)
            case 2:
                bytes.insert(contentsOf: (dictionary.randomElement(using: &generator) ?? "").utf8, at: start)
            case 3: bytes.replaceSubrange(start..<end, with: bytes[start..<end].reversed())
            default:
                if start < bytes.count { bytes[start] = UInt8.random(in: 0...255, using: &generator) }
            }
        }
        return bytes
    }
}
