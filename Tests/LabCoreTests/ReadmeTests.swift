import LabCore
import Testing

struct ReadmeTests {
    @Test func theExitCodesAreThoseOfTheProgram() throws {
        for name in ["README.md", "README.zh.md"] {
            let text = try Files.readText("\(checkout)/\(name)")
            for kind in LabError.Kind.allCases {
                let code = LabError(kind, "x").exitCode
                #expect(text.contains("\n| \(code) | "), "\(name) does not explain exit code \(code)")
            }
        }
    }

    @Test func everyLabIsListed() throws {
        let text = try Files.readText("\(checkout)/README.md")
        for id in Files.list("\(checkout)/labs") {
            #expect(text.contains("(labs/\(id)/README.md)"))
            #expect(text.contains("(labs/\(id)/README.zh.md)"))
            #expect(
                try Files.readText("\(checkout)/README.zh.md").contains("(labs/\(id)/README.zh.md)"),
                "README.zh.md does not list \(id)")
        }
    }

    /// In every language the same sections, blocks and commands; what stands behind a command may be translated.
    @Test func everyReadmeIsTheSameInChinese() throws {
        let places = [checkout] + Files.list("\(checkout)/labs").map { "\(checkout)/labs/\($0)" }
        #expect(places.count > 1)
        for place in places {
            let english = try Shape("\(place)/README.md")
            let chinese = try Shape("\(place)/README.zh.md")
            #expect(english.headings == chinese.headings, "\(place): headings")
            #expect(english.blocks == chinese.blocks, "\(place): blocks of code")
            #expect(english.commands == chinese.commands, "\(place): commands")
            #expect(!english.isChinese && chinese.isChinese, "\(place): languages")
        }
    }

    /// What two texts that say the same have in common.
    private struct Shape {
        /// The level of each heading.
        var headings: [Int] = []
        /// The first line of each block of code.
        var blocks: [String] = []
        var commands: [String] = []
        /// Whether most of what stands outside the blocks is Chinese.
        var isChinese: Bool

        init(_ path: String) throws {
            var isCode = false
            var prose = ""
            for line in try Files.readText(path).split(separator: "\n") {
                if line.hasPrefix("```") {
                    isCode.toggle()
                    if isCode { blocks.append(String(line)) }
                } else if !isCode {
                    prose += line
                    if line.hasPrefix("#") { headings.append(line.prefix { $0 == "#" }.count) }
                } else if let command = line.firstMatch(
                    of: /^(?:\$ )?((?:\S*\/)?(?:sudo )?lab(?:-container)? .*?)(?:$| {2,})/)
                {
                    commands.append(String(command.1))
                }
            }
            let letters = prose.unicodeScalars.count { $0.properties.isAlphabetic }
            isChinese = prose.unicodeScalars.count { (0x4e00...0x9fff).contains($0.value) } * 3 > letters
        }
    }
}
