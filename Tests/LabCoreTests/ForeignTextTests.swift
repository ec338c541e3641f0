import FoundationEssentials
import Testing

@testable import LabCore

@Suite struct ForeignTextTests {
    /// What acts on a terminal or turns a text's direction, said anew: as ranges, and not by the library's categories.
    private func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0xad, 0x61c, 0x180e, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f,
            0x3164,
            0xfeff,
            0xfff9...0xfffb, 0xe0001, 0xe0020...0xe007f:
            true
        default: scalar.value & 0xfffe == 0xfffe || (0xfdd0...0xfdef).contains(scalar.value)
        }
    }

    private func harmful(_ text: String, but allowed: Set<Unicode.Scalar> = []) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { isHarmful($0) && !allowed.contains($0) }
    }

    private func randomText(_ generator: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...60, using: &generator) {
            let value: UInt32 =
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: .random(in: 0..<0xa0, using: &generator)
                case 1: .random(in: 0x2000..<0x2070, using: &generator)
                case 2:
                    [0x61c, 0x3164, 0xfeff, 0xffff, 0xfff9, 0xe0001, 0x1f600, 0x4e2d].randomElement(
                        using: &generator)
                        ?? 0
                case 3: .random(in: 0xa0..<0xd800, using: &generator)
                default: .random(in: 0xe000...0x10ffff, using: &generator)
                }
            if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
        }
        return text
    }

    @Test("nothing that acts comes out, whatever text or bytes go in, and what doesn't act stays")
    func nothingThatActsComesOut() {
        var generator = SeededGenerator(seed: 13)
        var seen = 0
        for _ in 0..<5_000 {
            let text = randomText(&generator)
            seen += harmful(text).count
            #expect(harmful(ForeignText.line(text)).isEmpty)
            #expect(harmful(ForeignText.lines(text), but: ["\n", "\t"]).isEmpty)
            #expect(harmful(ForeignText.quoted(text)).isEmpty)
            let bytes = (0..<40).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
            let shown = ForeignText.line(bytes)
            #expect(harmful(shown).isEmpty && !shown.unicodeScalars.contains("\u{fffd}"), "\(bytes)")
            #expect(ForeignText.ascii(bytes).utf8.allSatisfy { (0x20..<0x7f).contains($0) })
            let harmless = String(String.UnicodeScalarView(text.unicodeScalars.filter { !isHarmful($0) }))
            let kept = ForeignText.line(harmless).unicodeScalars.filter { !ForeignText.acts($0) }
            #expect(kept.elementsEqual(ForeignText.line(harmless).unicodeScalars))
        }
        // The same without it: there was something to be caught.
        #expect(seen > 30_000)
    }

    @Test("what acts becomes visible, what isn't UTF-8 too, and long texts are cut")
    func whatActsBecomesVisible() {
        #expect(ForeignText.line("a\u{1b}[31m\u{7}\u{9b}\u{7f}b\r\n\tc") == "a\\x1b[31m\\x07\\x9b\\x7fb   c")
        #expect(ForeignText.lines("a\n\tb\u{202e}\u{2028}") == "a\n\tb\\u{202e}\\u{2028}")
        #expect(
            ForeignText.line([0x61, 0xff, 0xc3, 0xa4, 0xed, 0xa0, 0x80, 0xe2, 0x82])
                == "a\\xffä\\xed\\xa0\\x80\\xe2\\x82")
        #expect(ForeignText.line("容器 é 😀") == "容器 é 😀")
        #expect(ForeignText.line("abcdef", most: 3) == "abc…" && ForeignText.line("abc", most: 3) == "abc")
        #expect(ForeignText.line(Array("abcdef".utf8), most: 3) == "abc…")
        #expect(ForeignText.quoted(String(repeating: "x", count: 1_000)).count == 63)
    }

    @Test("JSON has the same values, and nothing in it acts; that of the library has what does")
    func jsonHasTheSameValuesAndNothingActs() throws {
        var generator = SeededGenerator(seed: 31)
        var raw = 0
        for _ in 0..<500 {
            let value = [randomText(&generator): [randomText(&generator), "\u{9b}31m\u{202e}"]]
            let encoded = Array(try JSONEncoder().encode(value))
            raw += harmful(String(decoding: encoded, as: UTF8.self)).count
            let safe = ForeignText.json(encoded)
            #expect(harmful(String(decoding: safe, as: UTF8.self), but: ["\n"]).isEmpty)
            let back = try JSONDecoder().decode([String: [String]].self, from: Data(safe))
            #expect(
                back.keys.first.map { Array($0.unicodeScalars) }
                    == value.keys.first.map { Array($0.unicodeScalars) })
            #expect(
                back.values.first?.map { Array($0.unicodeScalars) }
                    == value.values.first?.map { Array($0.unicodeScalars) })
        }
        #expect(raw > 1_000)
    }
}
