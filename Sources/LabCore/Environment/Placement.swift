import CLinux
import Glibc

/// The processors of a run: those that everything measured is held to, and those that the harness keeps to meanwhile.
public struct Placement: Codable, Equatable, Sendable {
    /// Every process and thread of an instance runs on these, a VM's QEMU with all of its threads too.
    public let measured: CPUList
    /// The program's own threads run on these: others where there are any.
    public let harness: CPUList

    /// True when the harness has no processor of its own.
    public var sharesHarness: Bool { !harness.intersection(measured).isEmpty }

    /// The placement for a list of the user's on this machine.
    /// - Parameter root: where sysfs is mounted; another one than `/sys` is for tests.
    /// - Throws: `.usage` for what is no list, and for processors that are not there, offline or not lab's to use.
    public init(_ text: String, root: String = "/sys") throws(LabError) {
        guard let list = CPUList(text), !list.isEmpty else {
            throw Self.refusal(
                text, because: "it is no list of processors in the kernel's words",
                remedy: "write numbers and ranges with commas between them, for example 0,2-3")
        }
        let topology = ProcessorTopology.current(root: root)
        try self.init(list, topology)
    }

    init(_ measured: CPUList, _ topology: ProcessorTopology) throws(LabError) {
        let offline = measured.intersection(topology.offline)
        guard offline.isEmpty else {
            throw Self.refusal(
                measured.description, because: "offline: \(offline)",
                remedy: "echo 1 | sudo tee /sys/devices/system/cpu/cpu\(offline.numbers[0])/online")
        }
        let absent = measured.subtracting(topology.online)
        guard absent.isEmpty else {
            throw Self.refusal(
                measured.description, because: "this machine has no processor \(absent)",
                remedy: "choose from \(topology.online)")
        }
        self.measured = measured
        let others = topology.online.subtracting(measured)
        // The other threads of the measured cores are better left idle.
        let sharing = topology.siblings.filter { !$0.intersection(measured).isEmpty }.flatMap(\.numbers)
        let apart = others.subtracting(CPUList(sharing))
        harness = !apart.isEmpty ? apart : !others.isEmpty ? others : measured
    }

    private static func refusal(_ text: String, because cause: Message, remedy: Message) -> LabError {
        LabError(.usage, "--cpus-allowed is \(ForeignText.quoted(text))", cause: cause, remedy: remedy)
    }

    /// Proves that this process may use the processors, then moves all of its threads to those of the harness, for the rest
    /// of its life: what it starts is there too, unless it is held elsewhere.
    /// - Throws: `.usage` when a cpuset forbids some; `.permission` when the kernel refuses.
    public func apply() throws(LabError) {
        let granted = try OSThread.run { () throws(LabError) in
            try Self.hold(thread: 0, to: measured)
            return Self.processors(ofThread: 0)
        }
        // The kernel takes the part of a mask that a cpuset leaves, and says nothing.
        guard granted == measured else {
            throw Self.refusal(
                measured.description,
                because: "a cpuset leaves lab only \(granted.map(\.description) ?? "0")",
                remedy: "start lab in another cgroup, or choose from those")
        }
        // A thread that one of these starts meanwhile has the affinity of the one or is seen by the next look.
        var moved: Set<String> = []
        while true {
            let new = Files.list("/proc/self/task").filter { !moved.contains($0) }
            if new.isEmpty { return }
            for name in new {
                moved.insert(name)
                // One that has ended needs no place.
                guard let thread = pid_t(name), Files.exists("/proc/self/task/\(name)") else { continue }
                try Self.hold(thread: thread, to: harness)
            }
        }
    }

    /// The corresponding C function is `sched_setaffinity`.
    private static func hold(thread: pid_t, to processors: CPUList) throws(LabError) {
        do throws(Errno) {
            try checked { clinux_set_affinity(thread, processors.mask, processors.mask.count) }
        } catch {
            if error == Errno(ESRCH) { return }
            throw LabError(
                error == Errno(EPERM) ? .permission : .usage, "cannot run on the processors \(processors)",
                cause: "\(error)", remedy: "choose others for --cpus-allowed")
        }
    }

    /// The corresponding C function is `sched_getaffinity`.
    private static func processors(ofThread thread: pid_t) -> CPUList? {
        var mask = [UInt8](repeating: 0, count: CPUList.most / 8)
        return clinux_affinity(thread, &mask, mask.count) == 0 ? CPUList(mask: mask) : nil
    }
}
