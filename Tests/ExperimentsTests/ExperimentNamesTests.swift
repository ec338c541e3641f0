import LabFile
import Testing

@testable import LabCore
@testable import LabRunner

/// The checkout that these tests were built from.
let checkout = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" }

extension LabDirectory {
    static func open(_ directory: String) throws(LabError) -> LabDirectory {
        try open(directory, engines: EngineFactory.ids)
    }
}

/// Labs name experiments by text, so that a slip of the pen is found here and not in a run.
@Suite struct ExperimentNamesTests {
    @Test func everyExperimentOfALabExists() throws {
        let known = Set(ExperimentTable.all.map(\.id))
        let catalogue = try LabDirectory.open("\(checkout)/labs")
        for id in catalogue.ids {
            for name in try catalogue.definition(id).values(of: .experiment) {
                #expect(known.contains(name), "\(id) names the experiment \(name)")
            }
        }
    }

    @Test func noTwoExperimentsShareAName() {
        let names = ExperimentTable.all.map(\.id)
        #expect(Set(names).count == names.count)
    }
}
