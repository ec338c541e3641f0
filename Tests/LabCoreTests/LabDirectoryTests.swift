import Glibc
import LabCore
import Testing

@testable import LabFile

struct LabDirectoryTests {
    @Test("every lab of this checkout is valid and has its texts")
    func everyLabIsValidAndHasItsTexts() throws {
        let labs = try LabDirectory.open("\(checkout)/labs")
        for id in labs.ids {
            let lab = try labs.definition(id)
            #expect(lab.id == id)
            for text in ["README.md", "README.zh.md"] {
                #expect(Files.exists("\(labs.directory)/\(id)/\(text)"))
            }
        }
        #expect(labs.ids.contains("startup-latency"))
    }

    @Test func startupLatencyAsksWhatTheDocumentClaims() throws {
        let lab = try LabDirectory.open("\(checkout)/labs").definition("startup-latency")
        #expect(lab.metrics.first?.source == .span(from: .requested, to: .firstOutput))
        // Xen takes a host of its own: who has one names it.
        #expect(Set(lab.engines) == Set(KnownEngines.all.filter { $0.role != .variant }.map(\.id)))
        #expect(lab.samples.precision != nil && lab.samples.growth > 1)
        // The answer is the point where nothing is varied, on every engine.
        #expect(lab.series.contains { $0.points == [[:]] && $0.engines == nil })
        #expect(lab.values(of: .cache) == ["cold"] && lab.values(of: .concurrency) == ["4"])
        #expect(Set(lab.claims.map(\.subject)) == [.vm, .container])
        // An emulated VM may only ever contradict.
        for claim in lab.claims where claim.rule.engines.contains(.qemu) {
            #expect(claim.rule.emulation == .contradictsLowerBound && claim.rule.atLeast != nil)
        }
    }

    @Test("an unknown lab is a usage error with the nearest one")
    func anUnknownLabIsAUsageError() throws {
        let error = #expect(throws: LabError.self) {
            try LabDirectory.open("\(checkout)/labs").definition("startup-latencey")
        }
        #expect(error?.kind == .usage)
        #expect(
            error?.message.english
                == "there is no lab \"startup-latencey\"; did you mean \"startup-latency\"?")
    }

    @Test("A path is anybody's lab, whatever it calls the folder; its files are found from there")
    func aPathIsALab() throws {
        try withTemporaryDirectory { path in
            try Files.makeDirectory("\(path)/mine")
            try Files.write(
                "id: mine\ncommand: {image: 'rootfs:tree', run: [\"true\"]}\n", to: "\(path)/mine/lab.yaml")
            try checked { symlink("mine", "\(path)/link") }
            let labs = try LabDirectory.open("\(checkout)/labs", engines: KnownEngines.ids)
            for name in ["mine", "mine/", "mine/lab.yaml", "mine/../mine/.", "link"] {
                let lab = try labs.definition("\(path)/\(name)")
                #expect(lab.id == "mine" && lab.command?.image.hasSuffix("/mine/tree") == true, "\(name)")
            }
            let error = #expect(throws: LabError.self) { try labs.definition("\(path)/yours") }
            #expect(error?.kind == .input && error?.remedy != nil)
        }
    }

    @Test(arguments: ["", ".", "startup", "lab.yaml"])
    func aNameIsNoPath(id: String) throws {
        let error = #expect(throws: LabError.self) {
            try LabDirectory.open("\(checkout)/labs").definition(id)
        }
        #expect(error?.kind == .usage)
    }

    @Test func theFolderMustHaveTheLabsId() throws {
        try withTemporaryDirectory { path in
            let text = try Files.readText("\(checkout)/labs/startup-latency/lab.yaml")
            try Files.makeDirectory("\(path)/other")
            try Files.write(text, to: "\(path)/other/lab.yaml")
            let error = #expect(throws: LabError.self) { try LabDirectory.open(path).definition("other") }
            #expect(
                error?.message.english
                    == "\(path)/other/lab.yaml:3: id is \"startup-latency\" but its folder is \"other\": they must agree"
            )
        }
    }

    @Test("a directory without labs is an input error with a remedy")
    func aDirectoryWithoutLabsIsAnError() throws {
        try withTemporaryDirectory { path in
            try Files.makeDirectory("\(path)/empty")
            let error = #expect(throws: LabError.self) { try LabDirectory.open(path) }
            #expect(error?.kind == .input)
            #expect(error?.remedy?.english.contains("LAB_LABS") == true)
        }
    }

    @Test("the labs are those of the program's checkout unless others are named")
    func theLabsAreThoseOfTheCheckout() throws {
        #expect(LabDirectory.checkout(of: "\(checkout)/.build/release/lab") == checkout)
        #expect(LabDirectory.checkout(of: "/usr/bin/lab") == nil)
        #expect(LabDirectory.checkout(of: "") == nil)
        #expect(try LabDirectory.locate(environment: [:], engines: []).directory == "\(checkout)/labs")
        try withTemporaryDirectory { path in
            try Files.makeDirectory("\(path)/mine")
            try Files.write("", to: "\(path)/mine/lab.yaml")
            let labs = try LabDirectory.locate(environment: ["LAB_LABS": path], engines: [])
            #expect(labs.ids == ["mine"])
        }
    }
}
