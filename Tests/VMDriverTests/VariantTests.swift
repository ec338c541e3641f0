import Testing

@testable import LabCore
@testable import VMDriver

struct VariantTests {
    @Test(arguments: VMVariant.words.flatMap(\.self))
    func everyKnownWordIsReadAndWrittenBack(word: String) throws {
        #expect(try VMVariant(word).description == word)
    }

    /// Any factors with any of their values, in any order, are read, and written in one order.
    @Test func anyCombinationSurvivesItsOwnText() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            var words: [String] = []
            for known in VMVariant.words where Bool.random(using: &generator) {
                words.append(known[Int.random(in: 0..<known.count, using: &generator)])
            }
            guard !words.isEmpty else { continue }
            let canonical = words.joined(separator: ",")
            let variant = try VMVariant(words.shuffled(using: &generator).joined(separator: ","))
            #expect(variant.description == canonical)
            #expect(try VMVariant(variant.description) == variant)
        }
    }

    @Test func anyTextGivesAVariantOrAUsageError() {
        var generator = SeededGenerator(seed: 12)
        let known = VMVariant.words.flatMap(\.self)
        let alphabet = Array("=,-abcdefgilmnopqrstuxyz35\u{e9}\u{0} ".unicodeScalars)
        for round in 0..<3_000 {
            var text = Array(known[round % known.count].unicodeScalars)
            for _ in 0..<Int.random(in: 0..<4, using: &generator) {
                let scalar = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                let place = Int.random(in: 0...text.count, using: &generator)
                if place < text.count, Bool.random(using: &generator) {
                    text[place] = scalar
                } else {
                    text.insert(scalar, at: place)
                }
            }
            let word = String(String.UnicodeScalarView(text))
            do {
                let variant = try VMVariant(word)
                #expect(try VMVariant(variant.description) == variant)
            } catch {
                #expect(error.kind == .usage)
            }
        }
    }

    @Test(
        "what is wrong is named with the nearest known word",
        arguments: [
            ("memory=baloon", "did you mean \"memory=balloon\"?"),
            ("machine=q36", "did you mean \"machine=q35\"?"),
            ("kernel=bzImage", "did you mean \"kernel=bzimage\"?"), ("memory", "no variant \"memory\""),
            ("", "no variant \"\""), ("memory=", "no variant"), ("machine=q35,", "no variant \"\""),
            ("machine=q35,machine=pc", "sets machine twice"),
        ])
    func theNearestKnownWordIsNamed(text: String, says: String) {
        let error = #expect(throws: LabError.self) { _ = try VMVariant(text) }
        #expect(error?.kind == .usage)
        #expect(error?.message.english.contains(says) == true, "\(String(describing: error))")
    }
}

struct BootSectorTests {
    @Test func aSectorIsOneThatAPCBootsAndHoldsItsText() throws {
        let sector = try BootSector(saying: "nonce-1").bytes
        #expect(sector.count == 512 && sector.suffix(2).elementsEqual([0x55, 0xaa]))
        // `mov si` is given the address at which the text lies.
        #expect(sector[5] == 0xbe && Int(sector[6]) | Int(sector[7]) << 8 == 0x7c20)
        #expect(sector[0x20...].starts(with: Array("init\nready\noutput nonce-1\n\0".utf8)))
        let (one, other) = (try BootSector(saying: "a").bytes, try BootSector(saying: "b").bytes)
        #expect(zip(one, other).filter { $0 != $1 }.count == 1)
        #expect(try BootSector(saying: "x").disk.count == 1 << 20)
    }

    @Test func aTextThatDoesNotFitIsRefused() throws {
        let room = 512 - 0x20 - 3 - "init\nready\noutput \n".utf8.count
        #expect(try BootSector(saying: String(repeating: "x", count: room)).bytes.count == 512)
        for text in [String(repeating: "x", count: room + 1), "a\0b"] {
            #expect(throws: LabError.self) { _ = try BootSector(saying: text) }
        }
    }
}
