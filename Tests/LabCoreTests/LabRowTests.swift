import LabCore
import LabFile
import Testing

/// Which labs stand behind the rows of the document's table.
@Suite struct LabRowTests {

    private func labs() throws -> [LabDefinition] {
        let catalogue = try LabDirectory.open("\(checkout)/labs")
        return try catalogue.ids.map { try catalogue.definition($0) }
    }

    @Test func everyRowHasOneLab() throws {
        let withRow = try labs().filter { $0.row != nil }
        for (dimension, rivals) in Dictionary(grouping: withRow, by: \.dimension) {
            #expect(rivals.count == 1, "\(dimension): \(rivals.map(\.id))")
        }
        let missing = Set(DocumentTable.rows.map(\.dimension[.chinese])).subtracting(withRow.map(\.dimension))
        #expect(missing.isEmpty)
    }

    /// What `--quick` of several labs leaves of a lab decides its row all the same.
    @Test func theSeriesThatARowNeedsServeAllOfIt() throws {
        for lab in try labs() {
            let part = lab.withOnlyWhatItsClaimsNeed
            for shown in lab.row?.shows ?? [] {
                let metric = lab.metrics.first { $0.id == shown.metric }
                #expect(part.measures(metric, at: shown.at), "\(lab.id) shows \(shown.at.text)")
            }
            for claim in lab.claims where lab.row?.claims.contains(claim.id) ?? true {
                #expect(ClaimFlip(lab: part, claim: claim).problems == [], "\(lab.id) \(claim.id)")
            }
        }
        let start = try #require(try labs().first { $0.id == "startup-latency" })
        #expect(start.withOnlyWhatItsClaimsNeed.series.map(\.id) == ["plain", "system"])
        #expect(start.withOnlyWhatItsClaimsNeed.engines == [.process, .container, .kvm, .qemu])
        let memory = try #require(try labs().first { $0.id == "memory-footprint" })
        #expect(memory.withOnlyWhatItsClaimsNeed.series.map(\.id) == ["light", "heavy"])
        let loss = try #require(try labs().first { $0.id == "cpu-overhead" })
        #expect(loss.withOnlyWhatItsClaimsNeed.series.map(\.id) == ["kinds"])
    }

    /// Otherwise the row could never have a verdict, or a figure.
    @Test("every row speaks of both halves and shows what is measured")
    func everyRowSpeaksOfBothHalves() throws {
        for lab in try labs() {
            guard let row = lab.row else { continue }
            let subjects = Set(lab.claims.filter { row.claims.contains($0.id) }.map(\.subject))
            #expect(subjects == Set(Claim.Subject.allCases), "\(lab.id)")
            for shown in row.shows {
                let metric = lab.metrics.first { $0.id == shown.metric }
                #expect(lab.measures(metric, at: shown.at), "\(lab.id) shows \(shown.at.text)")
            }
        }
    }
}

extension LabDefinition {
    /// Whether a series has trials whose samples are at a point: exactly there, or for a slope at two values at least.
    func measures(_ metric: Metric?, at point: Condition, on engine: EngineID? = nil) -> Bool {
        let points = series.filter { one in
            engine.map { engines(of: one).contains($0) } ?? true
        }.flatMap(\.points)
        guard let metric, metric.isSlope else { return points.contains(point) }
        return Set(points.filter { metric.place(of: $0) == point }).count >= 2
    }
}
