import LabCore
import Testing

@testable import LabFile

@Suite("The lab of real applications")
struct ApplicationsTests {
    private let folder = "\(checkout)/labs/applications"

    @Test("Its command knows each work of the series and no other, its texts explain them, its recipe is one")
    func everyWorkIsKnown() throws {
        let lab = try LabDirectory.open("\(checkout)/labs", engines: KnownEngines.ids).definition(
            "applications")
        let works = lab.values(of: .argument)
        let script = try Files.readText("\(folder)/bench")
        let known = script.matches(of: /\n([a-z-]+)\)/).map { String($0.1) }
        #expect(Set(works) == Set(known) && works.count == known.count && works.count == 11)
        for name in ["README.md", "README.zh.md"] {
            let text = try Files.readText("\(folder)/\(name)")
            for work in works { #expect(text.contains("`\(work)`"), "\(name): \(work)") }
        }
        // Every engine is compared with a bare process doing the same.
        for series in lab.series {
            let own = series.points.allSatisfy { point in
                lab.series.contains { $0.points.contains(point) && lab.engines(of: $0).contains(.process) }
            }
            #expect(own, "\(series.id)")
        }
        let command = try #require(lab.command)
        #expect(command.readiness != .exit && command.values.map(\.name) == ["operations"])
        #expect(command.image == lab.id && lab.metrics == LabDefinition.work && lab.claims.isEmpty)
        let (recipe, file) = try RecipeFile.load(path: folder)
        #expect(file == "\(folder)/image.yaml" && recipe.packages?.contains("redis-server") == true)
        for source in recipe.files { #expect(Files.exists("\(folder)/\(source.source)"), "\(source.source)") }
    }
}
