import Foundation
import Glibc
import Testing

@testable import LabCore

@Suite("a command is looked up in its tree")
struct CommandLookupTests {
    private func payload(
        _ words: [String], in fixture: TreeFixture, _ change: (inout CommandDefinition) -> Void = { _ in }
    ) throws -> CommandPayload {
        var definition = CommandDefinition(image: fixture.tree.reference, arguments: words)
        change(&definition)
        return try definition.payload(in: fixture.tree)
    }

    private func native() throws -> [UInt8] {
        TreeFixture.elf(machine: UInt8(try #require(ProgramFile.native.first)))
    }

    @Test("A link of the tree leads to the tree's own file, never to the host's")
    func linksStayInside() throws {
        let fixture = try TreeFixture()
        try fixture.add("etc/passwd", text: "inside")
        try fixture.link("absolute", to: "/etc/passwd")
        try fixture.link("above", to: "../../../../etc/passwd")
        try fixture.link("outside", to: "/proc/self/root/etc/hostname")
        try fixture.link("loop", to: "loop")
        let lookup = TreeLookup(fixture.tree)
        for name in ["absolute", "above", "../etc/passwd", "/etc/./passwd"] {
            let entry = try lookup.find(name)
            #expect(entry.path == "etc/passwd")
            #expect(try lookup.read(entry, upTo: 100) == Array("inside".utf8))
        }
        #expect(throws: Errno(ENOENT)) { try lookup.find("outside") }
        #expect(throws: Errno(ELOOP)) { try lookup.find("loop") }
        #expect(throws: Errno(ENOTDIR)) { try lookup.find("etc/passwd/x") }
    }

    @Test(
        "A higher layer hides what a lower one has by the same name, and a link may lead from one to the other"
    )
    func layersAreStacked() throws {
        let (lower, upper) = (try TreeFixture(), try TreeFixture())
        try lower.add("bin/tool", text: "old")
        try lower.add("bin/other", text: "other")
        try upper.add("bin/tool", text: "new")
        try upper.link("sbin", to: "bin")
        let lookup = TreeLookup(FileTree(reference: "", layers: [lower.path, upper.path], digest: nil))
        for (name, text) in [("/bin/tool", "new"), ("/sbin/other", "other"), ("/sbin/tool", "new")] {
            #expect(try lookup.read(lookup.find(name), upTo: 100) == Array(text.utf8))
        }
    }

    @Test(
        "A whiteout of a higher layer removes what is below it",
        .enabled(if: geteuid() == 0, "skipped: not root"))
    func whiteoutsRemove() throws {
        let (lower, upper) = (try TreeFixture(), try TreeFixture())
        try lower.add("bin/tool", text: "old")
        try Files.makeDirectory("\(upper.path)/bin")
        try checked { mknod("\(upper.path)/bin/tool", S_IFCHR, 0) }
        let lookup = TreeLookup(FileTree(reference: "", layers: [lower.path, upper.path], digest: nil))
        #expect(throws: Errno(ENOENT)) { try lookup.find("bin/tool") }
    }

    @Test(
        "A name is looked up in PATH, a path from the working directory, and the environment is the image's and ours"
    )
    func whatIsFound() throws {
        let fixture = try TreeFixture()
        try fixture.add("opt/bin/tool", try native(), mode: 0o755)
        let found = try payload(["tool", "-x"], in: fixture) {
            $0.environment = ["PATH=/bin:/opt/bin", "A=1", "A=2"]
            $0.directory = "/opt"
        }
        #expect(
            found.program == "/opt/bin/tool" && found.arguments == ["tool", "-x"] && found.directory == "/opt"
        )
        #expect(found.environment == ["PATH=/bin:/opt/bin", "HOME=/", "A=2"] && found.user == nil)
        let relative = try payload(["./bin/tool"], in: fixture) { $0.directory = "/opt" }
        #expect(relative.program == "/opt/./bin/tool")
    }

    @Test("The command that shows that another is ready is looked up beside it, and must be there")
    func checksAreFound() throws {
        let fixture = try TreeFixture()
        for name in ["tool", "check"] { try fixture.add("opt/bin/\(name)", try native(), mode: 0o755) }
        let found = try payload(["tool"], in: fixture) {
            $0.environment = ["PATH=/bin:/opt/bin"]
            $0.readiness = .command(["check", "-q"])
        }
        #expect(found.readyProgram == "/opt/bin/check" && found.program == "/opt/bin/tool")
        let error = #expect(throws: LabError.self) {
            _ = try payload(["/opt/bin/tool"], in: fixture) { $0.readiness = .command(["gone"]) }
        }
        #expect(error?.message.english.contains("there is no command \"gone\"") == true)
    }

    @Test("The image's own entrypoint and command are run where nothing else is said")
    func configIsUsed() throws {
        let fixture = try TreeFixture()
        try fixture.add("start", try native(), mode: 0o755)
        var tree = fixture.tree
        tree.config = ImageConfig(
            environment: ["B=1"], directory: "/", entrypoint: ["/start"], command: ["serve"])
        func words(_ change: (inout CommandDefinition) -> Void) throws -> [String] {
            var definition = CommandDefinition(image: "")
            change(&definition)
            return try definition.payload(in: tree).arguments
        }
        #expect(try words { _ in } == ["/start", "serve"])
        #expect(try words { $0.arguments = ["x"] } == ["/start", "x"])
        #expect(
            try words {
                $0.entrypoint = []; $0.arguments = ["/start"]
            } == ["/start"])
        // Said a second time by somebody who did not know of the entrypoint, unless that was said too.
        for word in ["start", "/start", "/usr/bin/start"] {
            let error = #expect(throws: LabError.self) { try words { $0.arguments = [word, "x"] } }
            #expect(error?.kind == .usage && error?.remedy?.english.contains("--entrypoint ''") == true)
        }
        #expect(
            try words {
                $0.entrypoint = ["/start"]; $0.arguments = ["start"]
            } == ["/start", "start"])
        #expect(try CommandDefinition(image: "").payload(in: tree).environment.contains("B=1"))
    }

    @Test("What can't be run is one error that names it, with a remedy")
    func refusals() throws {
        let fixture = try TreeFixture()
        try fixture.add("bin/plain", try native())
        try fixture.add("bin/script", text: "#!/bin/sh\necho", mode: 0o755)
        try fixture.add("bin/good", try native(), mode: 0o755)
        func refusal(
            _ words: [String], _ change: (inout CommandDefinition) -> Void = { _ in }
        ) throws -> String {
            let error = try #require(throws: LabError.self) { _ = try payload(words, in: fixture, change) }
            #expect(error.remedy != nil && error.kind != .software)
            return error.reason.english
        }
        #expect(try refusal([]).contains("there is no command to start"))
        #expect(try refusal(["nothing"]).contains("there is no command \"nothing\""))
        #expect(try refusal(["/bin/plain"]).contains("it has no mode x"))
        #expect(try refusal(["/bin"]).contains("it is a directory"))
        #expect(try refusal(["script"]).contains("its interpreter \"/bin/sh\" is not in the image"))
        #expect(try refusal(["good"]) { $0.user = "redis" }.contains("there is no user \"redis\""))
        #expect(try refusal(["good"]) { $0.user = "0:staff" }.contains("there is no group \"staff\""))
        #expect(try refusal(["good"]) { $0.directory = "/none" }.contains("there is no directory \"/none\""))
        #expect(try refusal(["good"]) { $0.environment = ["A"] }.contains("\"A\" is no variable"))
        #expect(try refusal(["good", "a\0b"]).contains("zero byte"))
    }

    @Test(
        "A program for another processor, and a file that is no program, are refused before anything is started",
        .enabled(if: !ProgramFile.hasHandlers, "skipped: binfmt_misc may execute them"))
    func foreignPrograms() throws {
        let fixture = try TreeFixture()
        try fixture.add("bin/foreign", TreeFixture.elf(machine: 22), mode: 0o755)
        try fixture.add("bin/text", text: "hello", mode: 0o755)
        for (name, cause) in [
            ("foreign", "it is for s390x, and this machine is"), ("text", "neither an ELF program"),
        ] {
            let error = try #require(throws: LabError.self) { _ = try payload([name], in: fixture) }
            #expect(error.reason.english.contains(cause) && error.remedy != nil)
        }
    }

    @Test("Users and groups are those of the tree's own files, whatever else stands in them")
    func usersAreRead() throws {
        let users = TreeUsers(
            passwd:
                "root:x:0:0:root:/root:/bin/sh\nbroken\n:x:1:1::/:\nredis:x:101:102::/data:\nbig:x:4294967296:1::/:\n",
            group: "redis:x:102:\nadm:x:4:redis,root\nwheel:x:10:redis\n")
        let redis = try users.find("redis")
        #expect(redis.user == CommandUser(user: 101, group: 102, groups: [4, 10]) && redis.home == "/data")
        #expect(try users.find("101").user == redis.user)
        #expect(try users.find("redis:adm").user == CommandUser(user: 101, group: 4))
        #expect(try users.find("7:8").user == CommandUser(user: 7, group: 8))
        #expect(try users.find("7").user == CommandUser(user: 7, group: 0))
        for word in ["broken", "4294967295", "big", "0:none", "", "-1"] {
            #expect(throws: LabError.self) { _ = try users.find(word) }
        }
    }

    @Test("No bytes of a program's beginning trap the look at them")
    func hostilePrograms() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2_000 {
            var bytes =
                TreeFixture.elf(machine: 62)
                + (0..<64).map { _ in UInt8.random(in: 0...255, using: &generator) }
            for _ in 0..<8 {
                bytes[Int.random(in: 4..<bytes.count, using: &generator)] = .random(
                    in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) { bytes[4] = 1 }
            _ = ProgramFile(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))))
        }
        #expect(ProgramFile(Array("#! /bin/sh -e\n".utf8)) == .script(interpreter: "/bin/sh"))
        #expect(ProgramFile(Array("#!\n".utf8)) == .unknown)
        let own = ProgramFile((try? Files.read("/proc/self/exe", limit: 1 << 30)) ?? [])
        if case .elf(let machine, _) = own {
            #expect(machine == ProgramFile.native.first)
        } else {
            Issue.record("this test's own program is none")
        }
    }
}
