import Artifacts
import CFloor
import ContainerDriver
import Glibc
import LabCore
import Launch

/// Starts of the container beside the raw floor, interleaved in one process.
///
///     swift run -c release --static-swift-stdlib container-start [samples, by default 500] [handed-on]
///
/// Prints the medians of request → first byte → cleaned up, their ratio to the floor, and every step's share. Both make
/// and remove the same cgroups in each start; with `handed-on` the container has those of the one before it and the floor
/// has none, as in builds that knew nothing else.
/// Instead of a number: `loop` counts the starts a second, one after another; `once` starts one container and ends;
/// `filter` writes the seccomp filter to standard output, for whole-process.sh.
@main
struct ContainerStart {
    static func main() throws {
        let handsOn = CommandLine.arguments.contains("handed-on")
        let word = CommandLine.arguments.dropFirst().first { $0 != "handed-on" }
        let once = word == "once"
        if word == "filter" {
            try FileDescriptor(owning: 1).writeAll(try SeccompFilter(profile: .containerDefault).bytes)
            return
        }
        let samples = word.flatMap { Int($0) } ?? 500
        // What a user of `once` has prepared beforehand, like the bundle of an OCI runtime, is kept: the root.
        let home = "/tmp/container-start-\(once ? "once" : String(getpid()))"
        let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
        let root = try RootFilesystem.minimal(
            guest: RootFilesystem.locateGuest(environment: [:]), paths: paths)
        let journal = try RunJournal(runID: "benchmark-\(getpid())", paths: paths)
        let context = RunContext(runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root)
        let container = try ContainerEngine().prepare(context)
        defer {
            container.shutDown()
            journal.finish()
            rmdir(paths.run(journal.runID))
            if !once { try? Files.removeTree(home) }
        }
        let condition: Condition = handsOn ? [.cgroups: "handed-on"] : [:]
        if word == "loop" { return try loop(container, condition) }
        if once {
            var single = Columns()
            return try single.add(container, 0, condition)
        }
        let tree =
            handsOn
            ? nil : try CgroupTree(mounts: .current(), name: "lab-\(journal.runID)-floor", journal: journal)
        defer { try? tree?.removeAll() }
        let cgroups = FloorCgroups(tree)
        let process = try ProcessEngine().prepare(context)
        var floors: (first: [UInt64], whole: [UInt64]) = ([], [])
        var processes = Columns()
        var containers = Columns()
        for index in 0..<samples {
            // The order turns with each round, so that none always follows the same other.
            for turn in 0..<3 {
                switch (index + turn) % 3 {
                case 0: try measureFloor(root, cgroups, &floors)
                case 1: try processes.add(process, index)
                default: try containers.add(container, index, condition)
                }
            }
        }
        let floor = median(floors.whole)
        line("floor", first: median(floors.first), whole: floor, floor)
        line("process", first: median(processes.first), whole: median(processes.whole), floor)
        line("container", first: median(containers.first), whole: median(containers.whole), floor)
        print("\ncontainer, step by step: median µs, share")
        let whole = Double(median(containers.whole))
        for (column, name) in container.record.steps.enumerated() {
            let spans = containers.steps.map { column == 0 ? $0[0] : $0[column] - $0[column - 1] }
            let step = Double(median(spans))
            print("  \(micro(step))  \(fixed(100 * step / whole, 1)) %  \(name.english)")
        }
    }

    fileprivate static let limits = ResourceLimits(memoryBytes: 256 << 20, cpus: 1)

    private struct Columns {
        var first: [UInt64] = []
        var whole: [UInt64] = []
        var steps: [[UInt64]] = []

        mutating func add(_ engine: any PreparedEngine, _ index: Int, _ condition: Condition = [:]) throws {
            let deadline = MonotonicInstant.now().advanced(by: .seconds(10))
            let instance = try engine.launch(
                LaunchRequest(
                    index: index, workload: .hello(nonce: "1"), memoryBytes: limits.memoryBytes,
                    cpus: limits.cpus, deadline: deadline, condition: condition))
            let status = try instance.waitForExit(deadline: deadline)
            try instance.dispose()
            precondition(status == 0 && instance.transcript.outputs == ["1"], "the workload did not answer")
            first.append(instance.timeline[.initStarted] ?? 0)
            whole.append(instance.timeline[.cleanedUp] ?? 0)
            steps.append(instance.stepNanoseconds)
        }
    }

    /// One start after another for two seconds. To count those of one core, pin it: `taskset -c 1 container-start loop`.
    private static func loop(_ container: PreparedContainer, _ condition: Condition) throws {
        var columns = Columns()
        for index in 0..<50 { try columns.add(container, index, condition) }
        let began = MonotonicInstant.now()
        var count: UInt64 = 0
        while MonotonicInstant.now().nanoseconds(since: began) < 2_000_000_000 {
            try columns.add(container, Int(count), condition)
            count += 1
        }
        let nanoseconds = MonotonicInstant.now().nanoseconds(since: began)
        print("\(count * 1_000_000_000 / nanoseconds) starts per second")
    }

    private static func measureFloor(
        _ root: RootFilesystem, _ cgroups: FloorCgroups, _ floors: inout (first: [UInt64], whole: [UInt64])
    ) throws {
        var first: UInt64 = 0
        var whole: UInt64 = 0
        let words: [String] = ["lab-guest", "hello", "1"]
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        let code = floor_start(
            root.directory, RootFilesystem.guestPath, &argv, cgroups.all, Int32(cgroups.all.count), &first,
            &whole)
        argv.forEach { free($0) }
        guard code == 0 else { throw Errno(code) }
        floors.first.append(first)
        floors.whole.append(whole)
    }

    private static func line(_ name: String, first: UInt64, whole: UInt64, _ floor: UInt64) {
        print(
            name, "first byte", micro(Double(first)), "µs, to the end", micro(Double(whole)), "µs =",
            fixed(Double(whole) / Double(floor), 2), "× the floor")
    }

    private static func median(_ values: [UInt64]) -> UInt64 {
        UInt64(Statistics.median(values.map { Double($0) }) ?? 0)
    }
    private static func micro(_ nanoseconds: Double) -> String { fixed(nanoseconds / 1_000, 1) }
    private static func fixed(_ value: Double, _ digits: Int) -> String {
        let scale = digits == 1 ? 10 : 100
        let whole = Int((value * Double(scale)).rounded())
        let fraction = String(whole % scale)
        return "\(whole / scale).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}

/// The cgroups of the floor's starts, in C's words, which live as long as the program.
private struct FloorCgroups {
    let all: [floor_cgroup]

    /// - Parameter tree: where they are made; nil for a floor without any.
    init(_ tree: CgroupTree?) {
        all = (tree?.settings(ContainerStart.limits) ?? []).map { parent, version, settings in
            let directory = "\(parent)/0"
            let texts: [String] = settings.flatMap { ["\(directory)/\($0.file)", $0.value] }
            let words: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
            let limits = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count)
            limits.initialize(from: words, count: words.count)
            // On v2 a whole process has to move, which is dearer than to be born there: no floor in that.
            let join = version == .v1 ? "tasks" : "cgroup.procs"
            return floor_cgroup(
                directory: strdup(directory), join: strdup("\(directory)/\(join)"), limits: limits)
        }
    }
}
