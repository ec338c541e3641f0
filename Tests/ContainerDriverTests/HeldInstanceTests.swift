import Testing

@testable import ContainerDriver
@testable import LabCore

/// The processors of a run, and what the kernel says of those who are held to them.
enum Held {
    static let isPossible = ProcessorTopology.current().online.numbers.count > 1

    /// Everything on the last processor.
    static func placement() throws -> Placement {
        try Placement(try #require(ProcessorTopology.current().online.numbers.last.map(String.init)))
    }

    /// The processors of each thread of each process, each list once. See proc_pid_status(5).
    static func processors(of processes: [HostProcess]) -> Set<String> {
        let lists = processes.flatMap { process in
            Files.list("/proc/\(process.pid)/task").compactMap { thread -> String? in
                let text = (try? Files.readText("/proc/\(process.pid)/task/\(thread)/status")) ?? ""
                return ProcessStatus(text)["Cpus_allowed_list"]
            }
        }
        return Set(lists)
    }
}

@Suite(.enabled(if: Held.isPossible, "skipped: there is only one processor"))
struct HeldInstanceTests {
    @Test("A bare process keeps to the processors of the run, and its launch program says so")
    func processes() throws {
        try withContainer { _, context in
            var held = context
            held.placement = try Held.placement()
            let engine = try ProcessEngine().prepare(held)
            let instance = try #require(try engine.launch(request(.idle)) as? ChildInstance)
            defer { try? instance.dispose() }
            try instance.waitUntilReady(deadline: .now().advanced(by: .seconds(120)))
            let list = try #require(held.placement?.measured.description)
            #expect(Held.processors(of: try instance.hostProcesses()) == [list])
            #expect(
                try engine.explain(request(.idle)).english.contains("sched_setaffinity(0, 1024, [\(list)])"))
            // Control: without, it runs where its caller may.
            let free = try #require(
                try ProcessEngine().prepare(context).launch(request(.idle)) as? ChildInstance)
            defer { try? free.dispose() }
            try free.waitUntilReady(deadline: .now().advanced(by: .seconds(120)))
            #expect(Held.processors(of: try free.hostProcesses()) != [list])
        }
    }

    @Test(
        "A container keeps to the processors of the run, with every layer and with none",
        .enabled(if: obstacle == nil, "skipped: no container can be started here"))
    func containers() throws {
        let placement = try Held.placement()
        for isolation in [Isolation.ofThisUser(), []] {
            try withContainer(isolation, placement: placement) { engine, _ in
                let instance = try #require(try engine.launch(request(.idle)) as? ChildInstance)
                defer { try? instance.dispose() }
                try instance.waitUntilReady(deadline: .now().advanced(by: .seconds(120)))
                #expect(
                    Held.processors(of: try instance.hostProcesses()) == [placement.measured.description])
            }
        }
    }
}
