import LabCore
import Testing

@testable import LabFile

@Suite("an image's recipe is read as strictly as a lab")
struct RecipeFileTests {
    private static let whole = """
        packages: [redis-server, libc6=2.36-9]
        suite: bookworm
        files:
          - {from: conf/redis.conf, to: /etc/redis.conf, mode: 0640}
          - from: ./data
            to: /srv
        run:
          - redis-server --version
        network: true
        environment: [A=b=c]
        entrypoint: [redis-server]
        command: [/etc/redis.conf, "", " x"]
        user: redis:7
        directory: /srv
        labels: {org.example: mine}

        """

    private func recipe(_ text: String) throws(LabError) -> ImageRecipe {
        try RecipeFile.parse(Array(text.utf8), name: "image.yaml")
    }

    @Test("Every key is read, and the parts are told in their order")
    func everyKey() throws {
        let recipe = try recipe(Self.whole)
        #expect(recipe.packages == ["redis-server", "libc6=2.36-9"] && recipe.suite == "bookworm")
        #expect(
            recipe.files == [
                .init(source: "conf/redis.conf", target: "/etc/redis.conf", mode: 0o640),
                .init(source: "./data", target: "/srv"),
            ])
        #expect(recipe.network && recipe.run == ["redis-server --version"])
        #expect(
            recipe.config
                == ImageConfig(
                    environment: ["A=b=c"], user: "redis:7", directory: "/srv", entrypoint: ["redis-server"],
                    command: ["/etc/redis.conf", "", " x"], labels: ["org.example": "mine"]))
        #expect(
            recipe.steps == [
                "packages redis-server libc6=2.36-9", "copy conf/redis.conf to /etc/redis.conf",
                "copy ./data to /srv", "run redis-server --version",
            ])
        #expect(try self.recipe("files: [{from: a, to: /a}]").packages == nil)
    }

    @Test(
        "What is wrong is told with its line",
        arguments: [
            ("run: [x]", 1, "a recipe has \"packages\", \"files\" or both"),
            ("packages: [x]\npackges: [y]", 2, "unknown key \"packges\""),
            ("packages: []", 1, "packages is empty"),
            ("packages:\n  - good\n  - --allow-unauthenticated", 3, "a package's name has"),
            ("packages: ['a,b']", 1, "a package's name has"),
            ("packages: ['a b']", 1, "a package's name has"),
            ("packages: ['?essential']", 1, "a package's name has"),
            ("packages: [x]\nsuite: ../x", 2, "it must be a release"),
            ("files: [{from: a, to: /a}]\nsuite: bookworm", 2, "\"suite\" is that of \"packages\""),
            ("files:\n  - {from: /etc/shadow, to: /a}", 2, "it must be a path in the recipe's directory"),
            ("files:\n  - {from: ../x, to: /a}", 2, "it must be a path in the recipe's directory"),
            ("files:\n  - {from: a, to: b}", 2, "it must be an absolute path"),
            ("files:\n  - {from: a, to: /b/../../c}", 2, "it must be an absolute path"),
            ("files:\n  - {from: a, to: /b, mode: 0999}", 2, "three or four octal digits"),
            ("files:\n  - {from: a, to: /b, mode: 100644}", 2, "three or four octal digits"),
            ("files:\n  - {from: a}", 2, "a file has no \"to\""),
            ("packages: [x]\nnetwork: true", 2, "\"network\" is that of \"run\""),
            ("packages: [x]\nrun: [y]\nnetwork: yes", 3, "unknown network \"yes\""),
            ("packages: [x]\nenvironment: [A]", 2, "write it like `NAME=value`"),
            ("packages: [x]\nenvironment: ['=A']", 2, "write it like `NAME=value`"),
            ("packages: [x]\nrun: [\"a\\0b\"]", 2, "it holds a zero byte"),
            ("packages: [x]\ndirectory: srv", 2, "it must be an absolute path"),
            ("packages: [x]\nlabels: [a]", 2, "labels must be a mapping"),
            ("- packages", 1, "a recipe must be a mapping"), ("", 1, "the file is empty"),
        ])
    func problems(text: String, line: Int, cause: String) throws {
        let error = try #require(throws: LabError.self) { _ = try recipe(text) }
        #expect(error.kind == .data)
        #expect(error.reason.english.contains("image.yaml:\(line): "), "\(error)")
        #expect(error.reason.english.contains(cause), "\(error)")
    }

    @Test("A list is no longer than any recipe's, and a file no larger")
    func limits() throws {
        let many = "packages: [" + (0...1_000).map { "p\($0)" }.joined(separator: ", ") + "]"
        #expect(throws: LabError.self) { _ = try recipe(many) }
        #expect(throws: LabError.self) {
            _ = try recipe("packages: [x]\n#" + String(repeating: "x", count: LabFile.mostBytes))
        }
    }

    @Test("The recipe of the guests that grade has lab's libraries, and what the exercises ask for")
    func graders() throws {
        let recipe = try RecipeFile.load(path: "\(checkout)/grader").recipe
        let wanted = [
            "libvirt0", "libxml2", "libseccomp2", "libarchive13", "iproute2", "curl", "docker-registry",
            "qemu-system-x86", "libvirt-daemon-driver-qemu",
        ]
        #expect(Set(recipe.packages ?? []).isSuperset(of: wanted))
    }

    @Test("Whatever is changed in a recipe, it is read within its rules or refused")
    func fuzz() {
        let original = Array(Self.whole.utf8)
        let alphabet = Array("-./:{}[]\"'*&~ \n\0=09az\u{7f}".utf8) + [0xff]
        var generator = SeededGenerator(seed: 23)
        for _ in 0..<3_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes[place] = byte
                case 1: bytes.insert(byte, at: place)
                default: bytes.remove(at: place)
                }
            }
            guard let recipe = try? RecipeFile.parse(bytes, name: "x") else { continue }
            for package in recipe.packages ?? [] {
                #expect(!package.hasPrefix("-") && !package.contains(",") && !package.contains(" "))
            }
            for file in recipe.files {
                #expect(!file.source.hasPrefix("/") && file.target.hasPrefix("/"))
                #expect(!"\(file.source)/\(file.target)".split(separator: "/").contains(".."))
                #expect((file.mode ?? 0) <= 0o7777)
            }
            #expect(recipe.config.environment.allSatisfy { $0.contains("=") })
        }
    }
}
