import LabCore

/// Finds, before any YAML is parsed, what no lab needs and what could make the parser slow or the message unclear.
///
/// An alias that stands for a list of aliases makes a small file expand without bound ("billion laughs"), and a
/// complex key (`? `) makes Yams hash whole trees. Both are refused by their look alone, at the places where such a
/// token can begin; text that merely contains the characters is let through.
enum HostileText {
    /// The deepest indentation of a line, in columns: bounds how deep block YAML can nest.
    static let deepestIndentation = 128

    /// The first problem and its line, nil when there is none.
    static func firstProblem(in bytes: [UInt8]) -> (line: Int, text: Message)? {
        var anchors = false
        var alias: Int?
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            let number = index + 1
            if String(validating: line, as: UTF8.self) == nil { return (number, "not valid UTF-8") }
            if line.contains(0x09) { return (number, "a tab: YAML indents and separates with spaces") }
            if line.prefix(while: isIndicator).count > deepestIndentation {
                return (number, "indented by more than \(deepestIndentation) columns")
            }
            for token in tokenStarts(line) {
                let next = token + 1 < line.endIndex ? line[token + 1] : UInt8(ascii: " ")
                let blank = next == UInt8(ascii: " ") || next == UInt8(ascii: "\r")
                if line[token] == UInt8(ascii: "?"), blank {
                    return (number, "a complex key (`? `): keys are words")
                }
                if line[token] == UInt8(ascii: "*"), !blank, alias == nil { alias = number }
            }
            if !anchors { anchors = holdsAnchor(line) }
        }
        // Without an anchor there is nothing that an alias could stand for, and the star is just text.
        if anchors, let alias { return (alias, "an alias (`*name`) is not allowed: write the value out") }
        return nil
    }

    private static func isIndicator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "?")
            || byte == UInt8(ascii: ":")
    }

    /// The places in a line where a YAML token can begin: its first character, and those after `- ? : , [ {`.
    private static func tokenStarts(_ line: ArraySlice<UInt8>) -> [Int] {
        let openers = Array("-?:,[{".utf8)
        var starts: [Int] = []
        var previous: UInt8?
        for (index, byte) in zip(line.indices, line) where byte != UInt8(ascii: " ") {
            guard let before = previous else {
                if byte == UInt8(ascii: "#") { return [] }
                starts.append(index)
                previous = byte
                continue
            }
            if openers.contains(before) { starts.append(index) }
            previous = byte
        }
        return starts
    }

    private static func holdsAnchor(_ line: ArraySlice<UInt8>) -> Bool {
        zip(line, line.dropFirst()).contains { $0 == UInt8(ascii: "&") && $1 != UInt8(ascii: " ") }
    }
}
