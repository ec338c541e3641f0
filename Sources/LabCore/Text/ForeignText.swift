/// Text that somebody else said, made safe to show: a tool, a guest, libvirt, a file or its name, an environment
/// variable, a result, a lab.
///
/// Such a text may hold what acts on whatever shows it: a terminal's escapes, a mark that turns the direction of the
/// text, a line that looks like ours. Here it becomes visible, `\x1b` or `\u{202e}`. What is written to a terminal, a
/// report or a file of results goes through here at the last moment too, so that nothing gets out that was forgotten.
public enum ForeignText {
    /// Returns true when a character acts instead of being shown: controls (C0, DEL, C1), format characters (all that
    /// turn the direction of a text), separators of lines and paragraphs, what is never shown, and what is no character
    /// at all. Not what chooses between two looks of a character, as of an emoji.
    public static func acts(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7f { return scalar.value < 0x20 }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: return true
        default:
            let properties = scalar.properties
            return properties.isNoncharacterCodePoint
                || properties.isDefaultIgnorableCodePoint && !properties.isVariationSelector
        }
    }

    /// Text of several lines: line feeds and tabs stay.
    public static func lines(_ text: String) -> String {
        shown(text) { $0 == "\n" || $0 == "\t" ? $0 : nil }
    }

    /// Text on one line: each white space becomes a space.
    /// - Parameter most: so many characters are shown, and `…` for the rest.
    public static func line(_ text: String, most: Int = .max) -> String {
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: most, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return shown(text, replacing: blank) }
        return shown(String(scalars[..<end]), replacing: blank) + "…"
    }

    /// Bytes on one line, as UTF-8; what isn't UTF-8 is shown as `\xNN`.
    public static func line(_ bytes: some Collection<UInt8>, most: Int = .max) -> String {
        var text = ""
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var rest = bytes[...]
        var count = 0
        while !rest.isEmpty {
            guard count < most else { return text + "…" }
            count += 1
            switch parser.parseScalar(from: &iterator) {
            case .valid(let encoded):
                append(Unicode.UTF8.decode(encoded), to: &text, replacing: blank)
                rest = rest.dropFirst(encoded.count)
            case .error(let length):
                for byte in rest.prefix(length) { text += hexadecimal(byte) }
                rest = rest.dropFirst(length)
            case .emptyInput: return text
            }
        }
        return text
    }

    /// One word in quotation marks, of which 60 characters are shown.
    public static func quoted(_ word: String) -> String { "\"\(line(word, most: 60))\"" }

    /// Bytes as printable ASCII: all others, and the backslash, as `\xNN`, so that they can be told from each other.
    public static func ascii(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes {
            if (0x20..<0x7f).contains(byte) && byte != 0x5c {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += hexadecimal(byte)
            }
        }
        return text
    }

    /// A JSON text with the same values in which nothing acts: outside of its strings there is only ASCII, and in them
    /// each character can be written as `\uXXXX` (RFC 8259, section 7).
    public static func json(_ text: [UInt8]) -> [UInt8] {
        text.withUnsafeBytes { bytes in
            // Results have megabytes of digits: what is plain is passed over and copied in pieces.
            var place = endOfPlain(bytes, from: 0)
            guard place < bytes.count else { return text }
            var safe: [UInt8] = []
            safe.reserveCapacity(bytes.count)
            var copied = 0
            while place < bytes.count {
                let length = min(lengthOfSequence(bytes[place]), bytes.count - place)
                for scalar in String(decoding: bytes[place..<place + length], as: UTF8.self).unicodeScalars
                where acts(scalar) {
                    safe += bytes[copied..<place]
                    for unit in String(scalar).utf16 {
                        safe += "\\u\(String(unit, radix: 16).zeroPadded(to: 4))".utf8
                    }
                    copied = place + length
                }
                place = endOfPlain(bytes, from: place + length)
            }
            return safe + bytes[copied...]
        }
    }

    /// One line as content or attribute of XML 1.0, which can't hold the characters that act.
    package static func xml(_ text: String) -> String {
        var escaped = ""
        for character in line(text).unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// Returns the place of the first byte, from `place` on, that is DEL or none of ASCII; looks at eight together.
    private static func endOfPlain(_ bytes: UnsafeRawBufferPointer, from place: Int) -> Int {
        var place = place
        while place + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            let carried = (word & 0x7f7f_7f7f_7f7f_7f7f) &+ 0x0101_0101_0101_0101
            if (carried | word) & 0x8080_8080_8080_8080 != 0 { break }
            place += 8
        }
        while place < bytes.count, bytes[place] < 0x7f { place += 1 }
        return place
    }

    /// Returns the number of bytes of a UTF-8 character that begins so (RFC 3629).
    private static func lengthOfSequence(_ first: UInt8) -> Int {
        switch first {
        case 0xc0..<0xe0: 2
        case 0xe0..<0xf0: 3
        case 0xf0...: 4
        default: 1
        }
    }

    private static func blank(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar.value {
        case 0x09, 0x0a, 0x0d, 0x2028, 0x2029: " "
        default: nil
        }
    }

    private static func shown(
        _ text: String, replacing: (Unicode.Scalar) -> Unicode.Scalar?
    ) -> String {
        // Most texts have nothing to be replaced, and some are long.
        guard text.unicodeScalars.contains(where: acts) else { return text }
        var result = ""
        for scalar in text.unicodeScalars { append(scalar, to: &result, replacing: replacing) }
        return result
    }

    private static func append(
        _ scalar: Unicode.Scalar, to text: inout String, replacing: (Unicode.Scalar) -> Unicode.Scalar?
    ) {
        if !acts(scalar) {
            text.unicodeScalars.append(scalar)
        } else if let other = replacing(scalar) {
            text.unicodeScalars.append(other)
        } else if scalar.value < 0x100 {
            text += hexadecimal(UInt8(scalar.value))
        } else {
            text += "\\u{\(String(scalar.value, radix: 16))}"
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
