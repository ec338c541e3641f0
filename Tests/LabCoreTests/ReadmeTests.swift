import LabCore
import Testing

struct ReadmeTests {
    @Test func theExitCodesAreThoseOfTheProgram() throws {
        let text = try Files.readText("\(checkout)/README.md")
        for kind in LabError.Kind.allCases {
            let code = LabError(kind, "x").exitCode
            #expect(text.contains("\n| \(code) | "), "README.md does not explain exit code \(code)")
        }
    }

    @Test func everyLabIsListed() throws {
        let text = try Files.readText("\(checkout)/README.md")
        for id in Files.list("\(checkout)/labs") {
            #expect(text.contains("(labs/\(id)/README.md)"))
            #expect(text.contains("(labs/\(id)/README.zh.md)"))
        }
    }
}
