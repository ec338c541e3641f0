import Artifacts
import Testing

@testable import LabCore

struct PlacementTests {
    @Test("The kernel's lists are read and written in its own syntax; what is none is nil")
    func listsAreReadAndWritten() {
        for (text, numbers, shown) in [
            ("0", [0], "0"), ("0,2-3", [0, 2, 3], "0,2-3"), ("3,1,2", [1, 2, 3], "1-3"), ("", [], ""),
            ("0-1\n", [0, 1], "0-1"), ("8191", [8_191], "8191"),
        ] {
            #expect(CPUList(text)?.numbers == numbers && CPUList(text)?.description == shown)
        }
        for text in [
            "a", "-1", "1-", "3-1", "1,,2", ",", "8192", "+1", "1 2", "0-99999999999999999999", "1-2-3",
        ] {
            #expect(CPUList(text) == nil, "\(text)")
        }
    }

    @Test("Any numbers come back from their list and their mask, and any text is a list or none")
    func anyList() throws {
        var fuzzer = Fuzzer(seed: 907)
        for _ in 0..<300 {
            let numbers = (0..<Int.random(in: 0..<40, using: &fuzzer.generator)).map { _ in
                Int.random(in: 0..<CPUList.most, using: &fuzzer.generator)
            }
            let list = CPUList(numbers)
            #expect(CPUList(list.description) == list && CPUList(mask: list.mask) == list)
            let other = CPUList(numbers.prefix(5))
            #expect(list.subtracting(other).intersection(other).isEmpty)
            let text = String(
                decoding: fuzzer.mutated(
                    Array(list.description.utf8.prefix(60)),
                    dictionary: ["-", ",", "99999999999999999999", "\n"]),
                as: UTF8.self)
            if let read = CPUList(text) { #expect(CPUList(read.description) == read) }
        }
    }

    /// A machine by the files that its kernel shows below /sys/devices.
    private func topology(_ files: [String: String]) -> ProcessorTopology { ProcessorTopology { files[$0] } }

    private func pairs(_ count: Int) -> [String: String] {
        var files = ["system/cpu/online": "0-\(2 * count - 1)", "system/cpu/present": "0-\(2 * count - 1)"]
        for cpu in 0..<2 * count {
            files["system/cpu/cpu\(cpu)/topology/thread_siblings_list"] =
                "\(cpu % count),\(cpu % count + count)"
        }
        return files
    }

    @Test("Kinds of processors, threads of one core and processors that are offline are seen")
    func topologyIsRead() {
        let hybrid = topology([
            "system/cpu/online": "0-5", "system/cpu/present": "0-7", "cpu_core/cpus": "0-3",
            "cpu_atom/cpus": "4-7",
        ])
        #expect(hybrid.kinds.map(\.name) == ["cpu_core", "cpu_atom"])
        #expect(hybrid.kinds.map(\.processors.description) == ["0-3", "4-5"])
        #expect(hybrid.offline.description == "6-7")
        let arm = topology([
            "system/cpu/online": "0-2", "system/cpu/cpu0/cpu_capacity": "446",
            "system/cpu/cpu1/cpu_capacity": "1024",
            "system/cpu/cpu2/cpu_capacity": "446",
        ])
        #expect(arm.kinds.map(\.processors.description) == ["1", "0,2"] && arm.offline.isEmpty)
        #expect(topology(pairs(2)).siblings.map(\.description) == ["0,2", "1,3"])
        #expect(topology(pairs(2)).kinds.isEmpty)
        #expect(
            topology(["system/cpu/online": "0-1", "cpu_core/cpus": "0-1"]).kinds.isEmpty, "one kind alone")
        let here = ProcessorTopology.current()
        #expect(!here.online.isEmpty && here.online.intersection(here.offline).isEmpty)
    }

    @Test("No text that a kernel could write, and none that it couldn't, traps the reader of the topology")
    func anyTopology() {
        var fuzzer = Fuzzer(seed: 908)
        let names =
            pairs(3).keys.sorted() + ["cpu_core/cpus", "cpu_atom/cpus", "system/cpu/cpu0/cpu_capacity"]
        for _ in 0..<300 {
            var files: [String: String] = [:]
            for name in names {
                files[name] = String(
                    decoding: fuzzer.mutated(
                        Array("0-5,7".utf8), dictionary: ["-", ",", "4294967296", "1024"]),
                    as: UTF8.self)
            }
            let found = topology(files)
            #expect(found.siblings.allSatisfy { $0.numbers.count > 1 } && found.kinds.count != 1)
            guard !found.online.isEmpty,
                let placement = try? Placement(CPUList(found.online.numbers.prefix(1)), found)
            else { continue }
            _ = EnvironmentWarnings.placement(found, placement)
        }
    }

    @Test(
        "The harness keeps to other processors, of other cores where there are any, and shares where there are none"
    )
    func theHarnessKeepsApart() throws {
        func harness(_ measured: String, _ files: [String: String]) throws -> String {
            try Placement(try #require(CPUList(measured)), topology(files)).harness.description
        }
        let two = ["system/cpu/online": "0-1", "system/cpu/present": "0-1"]
        #expect(try harness("1", two) == "0")
        #expect(try harness("0-1", two) == "0-1")
        #expect(try harness("0", pairs(2)) == "1,3", "not the other thread of its core")
        #expect(try harness("0-1", pairs(2)) == "2-3", "there is nothing else")
    }

    @Test("What is no list, a processor that is not there and one that is offline are refused by name")
    func unfitProcessorsAreRefused() throws {
        let machine = topology(["system/cpu/online": "0-1", "system/cpu/present": "0-3"])
        for (list, words) in [("1-2", "offline: 2"), ("0,7", "no processor 7")] {
            let error = #expect(throws: LabError.self) {
                try Placement(try #require(CPUList(list)), machine)
            }
            #expect(error?.kind == .usage && error?.cause?.english.contains(words) == true)
            #expect(error?.remedy != nil)
        }
        for text in ["", "all", "1;2", "8191"] {
            let error = #expect(throws: LabError.self) { try Placement(text) }
            #expect(error?.kind == .usage && error?.message.english.contains("--cpus-allowed") == true)
        }
    }

    @Test("Processors of several kinds, threads of one core and processors that are offline are warned of")
    func unlikeProcessorsAreWarnedOf() throws {
        func warnings(_ files: [String: String], _ measured: String?, smtIsOff: Bool = false) throws
            -> [String]
        {
            let machine = topology(files)
            let placement = try measured.map { try Placement(try #require(CPUList($0)), machine) }
            return EnvironmentWarnings.placement(machine, placement, smtIsOff: smtIsOff).map(\.text.english)
        }
        let hybrid = ["system/cpu/online": "0-3", "cpu_core/cpus": "0-1", "cpu_atom/cpus": "2-3"]
        #expect(try warnings(hybrid, nil).first?.contains("cpu_core: 0-1; cpu_atom: 2-3") == true)
        #expect(try warnings(hybrid, "0-1").isEmpty)
        #expect(try warnings(hybrid, "1-2").count == 1)
        #expect(try warnings(pairs(3), "0,3").first?.contains("share a core (0,3)") == true)
        #expect(try warnings(pairs(3), "0-1").isEmpty && warnings(pairs(3), nil).isEmpty)
        let half = ["system/cpu/online": "0-1", "system/cpu/present": "0-3"]
        #expect(try warnings(half, nil) == ["processors are offline: 2-3"])
        #expect(try warnings(half, nil, smtIsOff: true).isEmpty)
        #expect(try warnings(half, "0-1", smtIsOff: true).count == 1, "the harness has no other")
    }

    @Test("Results of other processors, and of other builds under one name, are unlike")
    func unlikeResults() throws {
        let text = LocalizedText(en: "Test", zh: "测试")
        let lab = LabDefinition(
            id: "test", title: text, question: text, dimension: "", engines: ["new"], workload: "noop",
            method: .lifecycle, metrics: [], samples: .init(default: 1, warmup: 0), budgetSeconds: 1,
            timeoutSeconds: 1, memoryBytes: 1, cpus: 1, claims: [])
        func header(_ measured: String?, _ path: String) throws -> RunResult.Header {
            let machine = topology(["system/cpu/online": "0-2"])
            var environment = Environment()
            environment.placement = try measured.map { try Placement(try #require(CPUList($0)), machine) }
            let build = try #require(try EngineBuild("new=crun:\(path)")).inspected()
            return RunResult.Header(
                version: "1", runID: "r", startedAt: "", lab: lab, command: "",
                plan: Plan(lab, engines: ["new"], seed: 1),
                environment: environment,
                engines: [EngineRecord(id: "new", kind: .container, role: .peer, build: build)],
                digests: [:])
        }
        let old = try header("1", "/bin/true")
        #expect(try header("1", "/usr/bin/true").differences(from: old).isEmpty, "the same program elsewhere")
        #expect(
            try header("2", "/bin/true").differences(from: old).map(\.field) == [
                "environment.placement.measured", "environment.placement.harness",
            ])
        #expect(try header(nil, "/bin/true").differences(from: old).first?.new == "none")
        #expect(try header("1", "/bin/false").differences(from: old).isEmpty, "what is judged")
        var own = old
        own.engines[0].build = nil
        #expect(own.differences(from: old).map(\.field) == ["engines.new.build.kind"])
    }
}
