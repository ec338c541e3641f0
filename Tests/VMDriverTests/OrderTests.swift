import Foundation
import Glibc
import LabCore
import Testing

@testable import VMDriver

/// The line that tells a restored guest what to do: written by `GuestOrder`, read by lab-guest, here as a bare process.
struct OrderTests {
    private let directory = "/tmp/lab-order-tests-\(getpid())-\(UInt32.random(in: 0 ... .max))"

    /// What `lab-guest await` says and how it ends when these bytes are on its standard input.
    private func answers(_ inputs: [[UInt8]]) throws -> [(
        status: Int32, said: GuestTranscript, words: String
    )] {
        let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
        try Files.makeDirectory(directory)
        defer { try? Files.removeTree(directory) }
        for (index, input) in inputs.enumerated() { try Files.write(input, to: "\(directory)/\(index)") }
        let loop = """
            i=0
            while [ $i -lt \(inputs.count) ]; do
                "$1" --channel=fd:1 await < $i > $i.out 2> $i.err; echo $?
                i=$((i + 1))
            done
            """
        let ended = try Tool.run(
            "sh", ["-c", loop, "sh", guest], in: directory, deadline: .now().advanced(by: .seconds(60)))
        let statuses = ended.text.split(separator: "\n").compactMap { Int32($0) }
        try #require(statuses.count == inputs.count, "\(ended.text)")
        return try statuses.enumerated().map { index, status in
            var said = GuestTranscript()
            said.receive(try Files.read("\(directory)/\(index).out")) { _ in }
            said.finish()
            return (status, said, try Files.readText("\(directory)/\(index).err"))
        }
    }

    private func answer(_ input: some Sequence<UInt8>) throws -> (
        status: Int32, said: GuestTranscript, words: String
    ) { try #require(try answers([Array(input)]).first) }

    @Test(arguments: [
        "n", "a nonce with spaces", "\"quoted\" and\u{e9}\u{1f600}", "", String(repeating: "x", count: 2_041),
    ])
    func aNonceComesBackUnchanged(nonce: String) throws {
        let answer = try answer(try GuestOrder(.hello(nonce: nonce)).line)
        #expect(answer.status == 0 && answer.said.violation == nil, "\(answer.words)")
        #expect(answer.said.outputs == [nonce])
    }

    @Test func everyWordArrives() throws {
        let most = ["sentinel"] + (1..<GuestOrder.mostWords - 1).map { "\($0)" }
        let order = try GuestOrder(Workload(name: "probe", arguments: most))
        // It knows none of these probes, and says so of the first.
        #expect(try answer(order.line).status == 64)
        #expect(try answer(try GuestOrder(Workload(name: "exit", arguments: ["7"])).line).status == 7)
    }

    @Test func whatALineCannotSayIsRefusedOnTheHost() {
        for arguments in [
            ["a\tb"], ["a\nb"], ["\u{0}"], ["\u{7f}"], [String(repeating: "x", count: 2_042)],
            [String](repeating: "x", count: GuestOrder.mostWords),
        ] {
            let error = #expect(throws: LabError.self) {
                _ = try GuestOrder(Workload(name: "hello", arguments: arguments))
            }
            #expect(error?.kind == .usage)
        }
    }

    /// Each is answered with the reason and the usage status, and nothing of it is carried out.
    @Test(arguments: [
        ("", "the order has no end"), ("hello\tn", "the order has no end"),
        ("hello\tn\u{0}m\n", "control character"), ("hello\tn\rm\n", "control character"),
        ("\n", "no such workload"), ("hello n\n", "no such workload"), ("await\n", "can't be to await"),
        ("hello\n", "hello needs a nonce"),
        ("hello\t" + String(repeating: "x", count: 2_042) + "\n", "too long"),
        (String(repeating: "x", count: 100_000), "too long"),
        ("hello" + String(repeating: "\t", count: 32) + "\n", "too many words"),
    ])
    func aLineThatIsNoOrderIsRefused(line: String, reason: String) throws {
        let answer = try answer(line.utf8)
        #expect(answer.status == 64 && answer.words.contains(reason), "\(answer.status) \(answer.words)")
        #expect(answer.said.outputs.isEmpty && answer.said.violation == nil)
    }

    /// Bytes of any kind end the guest in an orderly way, with what it knows or with the usage status.
    @Test func anyBytesAreAnOrderOrRefused() throws {
        var generator = SeededGenerator(seed: 13)
        let seeds = ["hello\tnonce\n", "exit\t7\n", "noop\n", "release\tn\n"].map { Array($0.utf8) }
        let inputs = (0..<150).map { round in
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 0..<5, using: &generator) {
                let place = Int.random(in: 0...bytes.count, using: &generator)
                let alphabet: [UInt8] = [
                    0x09, 0x0a, 0x00, 0x20, 0x31, UInt8.random(in: 0...255, using: &generator),
                ]
                bytes.insert(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)], at: place)
            }
            return bytes
        }
        for (input, answer) in zip(inputs, try answers(inputs)) {
            let line = input.prefix { $0 != 0x0a }
            #expect((0...255).contains(answer.status) && answer.status < 128, "\(input): \(answer)")
            if answer.status == 0, let nonce = answer.said.outputs.first {
                #expect(
                    line.dropFirst(line.firstIndex(of: 0x09).map { $0 + 1 } ?? 0).starts(with: nonce.utf8))
            }
        }
    }
}
