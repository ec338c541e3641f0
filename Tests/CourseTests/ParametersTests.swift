import Testing

@testable import Course
@testable import LabCore

@Suite struct ParametersTests {
    private let secret = ParameterKey([UInt8](0..<32))

    @Test(
        "Keys and numbers are HMAC-SHA256 of the words with their lengths, as another implementation has it")
    func knownAnswers() {
        // Python: hmac.new(bytes(range(32)), b"6:ticket,3:ada", "sha256").hexdigest()
        #expect(
            secret.ticket(of: "ada").hexadecimal
                == "f8d7b48a0d341ae51b6aad9a5e66b63ccb97b52735458b569a2279b5688580c5")
        // b"5:point,1:0,1:0", the last eight bytes.
        var draw = secret.draw(point: 0)
        #expect(String(draw.next(), radix: 16) == "396ac7acf3881cdb")
    }

    @Test("The words of a key can't be shifted into one another")
    func wordsAreApart() {
        #expect(secret.derived("ab", "c") != secret.derived("a", "bc"))
        #expect(secret.derived("a,1:b") != secret.derived("a", "b"))
    }

    @Test(
        "Two students with the same artefact get different parameters, in their own checks and in a grading",
        arguments: Oracles.all.map(\.id))
    func studentsDiffer(_ id: String) throws {
        let oracle = try Oracles.named(id)
        func words(_ key: ParameterKey) -> [[String]] {
            (0..<oracle.points).map { point in
                var draw = key.draw(point: point)
                return oracle.words(point, &draw)
            }
        }
        let own = ["ada", "bob"].map { words(secret.ticket(of: $0).ownChecks(of: id, round: 0)) }
        let graded = ["ada", "bob"].map { words(secret.grading($0, exercise: id, digest: "same", run: 0)) }
        #expect(Set(own + graded).count == 4)
        // The points of a check differ too.
        #expect(Set(own[0]).count == oracle.points)
    }

    @Test("A student's parameters stay the same until it is handed in")
    func theyAreSticky() {
        let ticket = secret.ticket(of: "ada")
        #expect(ticket.ownChecks(of: "unshare", round: 0) == ticket.ownChecks(of: "unshare", round: 0))
        #expect(ticket.ownChecks(of: "unshare", round: 0) != ticket.ownChecks(of: "unshare", round: 1))
        #expect(ticket.ownChecks(of: "unshare", round: 0) != ticket.ownChecks(of: "limits", round: 0))
    }

    @Test("A ticket is 64 hexadecimal digits and nothing else")
    func tickets() {
        let ticket = secret.ticket(of: "ada")
        #expect(ParameterKey(hexadecimal: ticket.hexadecimal) == ticket)
        for text in [
            "", "0", String(repeating: "g", count: 64), String(repeating: "+1", count: 32),
            ticket.hexadecimal + "0",
        ] {
            #expect(ParameterKey(hexadecimal: text) == nil)
        }
    }
}
