import Artifacts
import Glibc
import LabCore
import Testing

@testable import LabCore
@testable import VMDriver

private let online = ProcessorTopology.current().online.numbers

/// QEMU on some of the host's processors.
@Suite(
    .serialized, .enabled(if: Bench.shared.obstacle == nil, "skipped: no guest boots on this machine"))
struct HeldMachineTests {
    /// The processors of each of its threads, by the threads' names.
    private func processors(of process: HostProcess) -> [String: String] {
        let directory = "/proc/\(process.pid)/task"
        return Dictionary(
            Files.list(directory).map { thread in
                let status = ProcessStatus((try? Files.readText("\(directory)/\(thread)/status")) ?? "")
                return (status["Name"] ?? "", status["Cpus_allowed_list"] ?? "")
            }, uniquingKeysWith: { $0 == $1 ? $0 : "\($0) and \($1)" })
    }

    @Test(
        "Every thread of QEMU keeps to the processors of the run, with libvirt and without",
        .enabled(if: online.count > 1, "skipped: there is only one processor"), arguments: [true, false])
    func everyThread(usesLibvirt: Bool) throws {
        let list = try #require(online.last.map(String.init))
        let placement = try Placement(list)
        let configuration = VMConfiguration(usesLibvirt: usesLibvirt)
        try Bench.shared.withEngine(configuration, placement: placement) { engine in
            let request = Bench.request(.idle)
            let instance = try #require(try engine.launch(request) as? VMInstance)
            defer { try? instance.dispose() }
            try instance.waitUntilReady(deadline: request.deadline)
            let threads = processors(of: try #require(try instance.hostProcesses().first))
            #expect(threads.count > 1 && Set(threads.values) == [list], "\(threads)")
            #expect(
                threads.keys.contains { $0.hasPrefix("CPU ") }, "no thread of a virtual processor: \(threads)"
            )
        }
    }

    @Test("Another emulator is an engine of its own, with libvirt and without", arguments: [true, false])
    func anotherEmulator(usesLibvirt: Bool) throws {
        let program = try #require(Tool.find("qemu-system-x86_64"))
        let build = try #require(try EngineBuild("new=qemu:\(program)")).inspected()
        let configuration = VMConfiguration(usesLibvirt: usesLibvirt, build: build)
        try Bench.shared.withEngine(configuration) { engine in
            let request = Bench.request(.hello(nonce: "n4"))
            #expect(engine.record.build == build)
            #expect(try engine.explain(request).english.contains(program))
            let instance = try engine.launch(request)
            #expect(try instance.waitForExit(deadline: request.deadline) == 0)
            try instance.dispose()
            #expect(instance.transcript.outputs == ["n4"])
        }
    }
}
