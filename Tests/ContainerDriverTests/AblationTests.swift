import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore
@testable import Launch

@Suite("ablation", .enabled(if: obstacle == nil, "skipped: no container can be started on this machine"))
struct AblationTests {
    private func started(
        _ word: String, _ workload: Workload, _ body: (any Instance, ChildInstance) throws -> Void
    ) throws {
        try withContainer { engine, _ in
            var wanted = request(workload)
            wanted.condition = [.isolation: word]
            let instance = try engine.launch(wanted)
            defer { try? instance.dispose() }
            try body(instance, try #require(instance as? ChildInstance))
        }
    }

    @Test(
        .enabled(if: isRoot, "skipped: some layers need root"),
        arguments: LayerSelection.all.map(\.description))
    func theGuestAnswers(word: String) throws {
        try started(word, .hello(nonce: "a1")) { instance, _ in
            #expect(try instance.waitForExit(deadline: .now().advanced(by: .seconds(120))) == 0)
            try instance.dispose()
            #expect(instance.transcript.outputs == ["a1"])
            #expect(instance.stepNanoseconds.isEmpty)
        }
    }

    @Test(
        .enabled(if: isRoot, "skipped: some layers need root"),
        arguments: [
            ("none", []), ("only-network", ["net"]), ("only-devices", ["mnt"]), ("only-seccomp", []),
            ("only-cgroup-namespace", ["cgroup"]), ("only-limits", []),
            ("without-pid", ["cgroup", "ipc", "mnt", "net", "uts"]),
            ("without-mount", ["cgroup", "ipc", "net", "pid", "uts"]),
            ("without-capabilities", ["cgroup", "ipc", "mnt", "net", "pid", "uts"]),
        ] as [(String, [String])])
    func theNamespacesAreThoseOfTheWord(word: String, own: [String]) throws {
        try started(word, .idle) { instance, child in
            try instance.waitUntilReady(deadline: .now().advanced(by: .seconds(120)))
            let differing = Namespaces.named.map(\.name).filter {
                link("/proc/\(child.pid)/ns/\($0)") != link("/proc/self/ns/\($0)")
            }
            #expect(differing.sorted() == own)
        }
    }

    @Test(
        .enabled(if: isRoot, "skipped: some layers need root"),
        arguments: [
            ("none", false, false, false), ("only-seccomp", true, false, false),
            ("without-seccomp", false, true, true), ("only-no-new-privileges", false, true, false),
            ("without-no-new-privileges", true, false, true), ("only-capabilities", false, false, true),
            ("without-capabilities", true, true, false),
        ])
    func thePrivilegesAreThoseOfTheWord(word: String, filtered: Bool, noNew: Bool, bounded: Bool) throws {
        try started(word, .idle) { instance, child in
            try instance.waitUntilReady(deadline: .now().advanced(by: .seconds(120)))
            #expect(try status(child.pid, "Seccomp") == (filtered ? "2" : try status(getpid(), "Seccomp")))
            #expect(try status(child.pid, "NoNewPrivs") == (noNew ? "1" : "0"))
            #expect((try status(child.pid, "CapBnd") != (try status(getpid(), "CapBnd"))) == bounded)
        }
    }

    @Test(.enabled(if: hasLimits, "skipped: cgroup limits need root or a delegated cgroup"))
    func withoutLimitsItStaysInOurCgroups() throws {
        for (word, joined) in [("only-limits", true), ("without-limits", false)] {
            try started(word, .idle) { instance, child in
                try instance.waitUntilReady(deadline: .now().advanced(by: .seconds(120)))
                #expect(try Files.readText("/proc/\(child.pid)/cgroup").contains("/lab-") == joined)
            }
        }
    }

    @Test("An unknown word is a usage error with the nearest one")
    func unknownWord() throws {
        let error = #expect(throws: LabError.self) { _ = try LayerSelection("only-secomp") }
        #expect(error?.kind == .usage)
        #expect(error?.message.english.contains("only-seccomp") == true)
        for word in ["", "only-", "only-none", "pid", "none-pid"] {
            let error = #expect(throws: LabError.self) { _ = try LayerSelection(word) }
            #expect(error?.kind == .usage)
        }
        for selection in LayerSelection.all {
            #expect(try LayerSelection(selection.description) == selection)
        }
    }

    @Test func aLayerThatAUserDoesNotHaveIsRefused() throws {
        for selection in [LayerSelection.only(.limits), .without(.limits)] {
            let error = #expect(throws: LabError.self) {
                _ = try Isolation.rootless.selected(by: selection)
            }
            #expect(error?.kind == .permission && error?.remedy?.english == "run as root")
        }
        #expect(try Isolation.rootless.selected(by: .only(.pid)) == [.user, .pid])
        #expect(try Isolation.rootless.selected(by: LayerSelection.none) == [])
    }

    @Test(
        "a caller without root gets a layer in a user namespace",
        arguments: ["only-network", "only-kernel-files", "only-devices", "without-network", "without-pid"])
    func aLayerWithoutRoot(word: String) throws {
        // As root the user namespace does the same, so this needs no other user.
        try withContainer(.rootless) { engine, _ in
            var wanted = request(.hello(nonce: "a1"))
            wanted.condition = [.isolation: word]
            let instance = try engine.launch(wanted)
            defer { try? instance.dispose() }
            #expect(try instance.waitForExit(deadline: .now().advanced(by: .seconds(120))) == 0)
        }
    }

    @Test func whatALayerNeedsGoesAndComesWithIt() throws {
        #expect(try Isolation.standard.selected(by: .only(.devices)) == [.root, .devices])
        #expect(try Isolation.standard.selected(by: .only(.mount)) == .root)
        #expect(
            try Isolation.standard.selected(by: .without(.mount))
                == Isolation.standard.subtracting([.root, .devices, .kernelFiles]))
        #expect(IsolationLayer.devices.prerequisite == .mount && IsolationLayer.pid.prerequisite == nil)
    }

    /// Each rung of the ladder is the one before it and one layer more, and the last is the whole container.
    @Test func theRungsAddUpToTheWholeContainer() throws {
        var before: Isolation = []
        for layer in IsolationLayer.allCases {
            let rung = try Isolation.standard.selected(by: .upTo(layer))
            #expect(rung == before.union(layer.isolation), "\(layer)")
            if let needed = layer.prerequisite {
                let prerequisite = try Isolation.standard.selected(by: .only(needed))
                #expect(before.isSuperset(of: prerequisite), "\(layer)")
            }
            before = rung
        }
        #expect(before == .standard)
        #expect(try Isolation.rootless.selected(by: .upTo(.mount)) == [.user, .pid, .root])
        let error = #expect(throws: LabError.self) {
            _ = try Isolation.rootless.selected(by: .upTo(.limits))
        }
        #expect(error?.kind == .permission)
    }
}
