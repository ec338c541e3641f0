import Foundation
import Testing

@testable import LabCore

/// What holds in a trial: its values, and how labs and results write them.
@Suite struct ConditionTests {
    /// A word of each factor.
    private static let words: [(Factor, String)] = [
        (.cache, "cold"), (.concurrency, "4"), (.count, "exits"), (.payload, "system"),
        (.isolation, "up-to-kernel-files"), (.cgroups, "handed-on"),
        (.touch, "64"), (.instances, "2"), (.compute, "syscall"), (.argument, "a b"),
        (.experiment, "probes"), (.setting, "a|b, c=d"), (.variant, "memory=balloon,machine=q35"),
        (.memory, "64MiB"), (.cpus, "2"),
    ]

    private func object(_ condition: Condition) throws -> [String: String] {
        try JSONDecoder().decode([String: String].self, from: JSONEncoder().encode(condition))
    }

    @Test("Every factor is written by its name and its word, and read back")
    func writtenAndRead() throws {
        #expect(Self.words.map(\.0) == Factor.allCases)
        var all = Condition()
        for (factor, word) in Self.words {
            let one: Condition = [factor: word]
            #expect(
                one[factor] == word && one.factors == [factor] && one.text == "\(factor.rawValue)=\(word)")
            #expect(try object(one) == [factor.rawValue: word])
            all = all.merging(one)
            #expect(all.includes(one) && one.without(factor).isEmpty)
        }
        #expect(try object(all) == Dictionary(uniqueKeysWithValues: Self.words.map { ($0.0.rawValue, $0.1) }))
        #expect(try JSONDecoder().decode(Condition.self, from: JSONEncoder().encode(all)) == all)
        #expect(try object([:]).isEmpty)
    }

    @Test("The values are typed, and two ways of writing one are one")
    func typed() throws {
        var condition: Condition = [.touch: "064", .variant: "machine=q35,memory=balloon"]
        #expect(condition.touch == 64 && condition.variant?.machine == .q35)
        #expect(condition == [.touch: "64", .variant: "memory=balloon,machine=q35"])
        #expect(condition[.variant] == "memory=balloon,machine=q35")
        condition.isolation = .only(.devices)
        #expect(condition.text == "isolation=only-devices, touch=64, variant=memory=balloon,machine=q35")
        #expect(!condition.includes([.touch: "0"]) && condition.includes([:]))
    }

    @Test("A stranger among the factors or their values is refused")
    func strangersAreRefused() {
        for text in [
            #"{"color": "red"}"#, #"{"isolation": "only-pit"}"#, #"{"cgroups": "made"}"#, #"{"touch": 64}"#,
            #"{"variant": "x"}"#,
            #"{"experiment": ""}"#, #"{"argument": ""}"#, #"{"argument": "a\u0000b"}"#,
        ] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(Condition.self, from: Data(text.utf8))
            }
        }
    }

    @Test("A series is written with the words of its values")
    func seriesKeepTheirForm() throws {
        let varied = Series.Varied(.isolation, ["none", "only-pid"])
        let text = String(decoding: try JSONEncoder().encode(varied), as: UTF8.self)
        #expect(text.contains(#""parameter":"isolation""#) && text.contains(#""values":["none","only-pid"]"#))
        #expect(try JSONDecoder().decode(Series.Varied.self, from: Data(text.utf8)) == varied)
    }
}
