import Artifacts
import Foundation
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore

/// Why no container can be started here; nil when one can.
let obstacle: String? = {
    if case .unavailable(let error) = ContainerProbe.run(isolation: .ofThisUser()) {
        return error.reason.english
    }
    return nil
}()
let isRoot = geteuid() == 0
/// Whether containers of this user get cgroups with limits: as root, and in a delegated cgroup.
let hasLimits = Isolation.ofThisUser().contains(.limits)

/// Where this process makes its cgroups in each hierarchy; none where it may make none.
func grounds() -> [(directory: String, hierarchy: CgroupMounts.Hierarchy)] {
    CgroupMounts.current().hierarchies.compactMap { hierarchy in
        (try? CgroupDelegation.ground(hierarchy.version, at: hierarchy.mountPoint)).map { ($0, hierarchy) }
    }
}

/// A prepared engine in a home of its own, all of which is gone afterwards.
func withContainer(
    _ isolation: Isolation? = nil, root custom: RootFilesystem? = nil, limits cpus: Int = 1,
    placement: Placement? = nil, _ body: (PreparedContainer, RunContext) throws -> Void
) throws {
    let home = "/tmp/lab-container-tests-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
    defer { try? Files.removeTree(home) }
    let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
    let root = try custom ?? RootFilesystem.minimal(guest: guest, paths: paths)
    let journal = try RunJournal(runID: "t\(UInt32.random(in: 0 ... .max))", paths: paths)
    let context = RunContext(
        runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root, placement: placement)
    defer { journal.finish() }
    let engine = try ContainerEngine(isolation: isolation).prepare(context)
    do {
        try body(engine, context)
    } catch {
        engine.shutDown()
        throw error
    }
    engine.shutDown()
    for ground in grounds() {
        #expect(!Files.exists("\(ground.directory)/lab-\(journal.runID)-container"))
    }
    #expect(Files.list(paths.run(journal.runID)).isEmpty)
}

func request(_ workload: Workload, index: Int = 0, seconds: Int = 20) -> LaunchRequest {
    LaunchRequest(
        index: index, workload: workload, memoryBytes: 64 << 20, cpus: 1,
        deadline: .now().advanced(by: .seconds(seconds)))
}

/// Starts an idle container and hands its pid to `body`, which looks at it from the host.
func withIdle(_ isolation: Isolation? = nil, _ body: (pid_t, RunContext) throws -> Void) throws {
    try withContainer(isolation) { engine, context in
        let instance = try engine.launch(request(.idle))
        defer { try? instance.dispose() }
        try instance.waitUntilReady(deadline: .now().advanced(by: .seconds(120)))
        let child = try #require(instance as? ChildInstance)
        try body(child.pid, context)
    }
}

func link(_ path: String) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: path)
}

func status(_ pid: pid_t, _ key: String) throws -> String {
    let text = try Files.readText("/proc/\(pid)/status")
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(key):") })
    return line.dropFirst(key.count + 1).trimmingWhitespace()
}
