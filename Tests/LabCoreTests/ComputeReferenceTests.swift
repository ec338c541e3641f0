import Foundation
import Testing

@testable import LabCore

@Suite struct ComputeReferenceTests {
    /// Tests/Fixtures/compute.py wrote these: the same work, specified in another language.
    private static func fixture() throws -> [String: [String: String]] {
        let bytes = try Files.read("\(checkout)/Tests/Fixtures/compute.json")
        return try JSONDecoder().decode([String: [String: String]].self, from: Data(bytes))
    }

    @Test(arguments: Workload.computeKinds)
    func theHostArrivesAtTheFixturesDigest(kind: String) throws {
        let expected = try #require(try Self.fixture()[kind])
        // Two suffice here; the guest itself is held to all of them.
        for rounds in [1, 2] {
            #expect(ComputeReference.digest(kind: kind, rounds: rounds) == expected[String(rounds)])
        }
    }

    @Test func anUnknownKindHasNoDigest() {
        #expect(ComputeReference.digest(kind: "sleep", rounds: 1) == nil)
        #expect(ComputeDigests().digest("sleep", rounds: 1) == nil)
    }
}
