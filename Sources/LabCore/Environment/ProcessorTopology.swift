/// The processors of this machine as far as placement depends on them: which there are, which are online, which share
/// a core and which are of another kind. See Documentation/admin-guide/cputopology.rst in Linux.
struct ProcessorTopology: Equatable, Sendable {
    var online = CPUList([])
    /// There, and switched off.
    var offline = CPUList([])
    /// Threads of one core, for each core that has several online.
    var siblings: [CPUList] = []
    /// The kinds of processors by the kernel's name or their capacity, fastest named first; empty where all are alike.
    var kinds: [Kind] = []

    struct Kind: Equatable, Sendable {
        /// `cpu_core`, `cpu_atom`, or `cpu_capacity 512`.
        var name: String
        var processors: CPUList
    }

    init() {}

    /// - Parameters:
    ///   - line: the line of a file below /sys/devices; nil where there is none.
    init(_ line: (String) -> String?) {
        func list(_ file: String) -> CPUList? { line(file).flatMap { CPUList($0) } }
        online = list("system/cpu/online") ?? CPUList([])
        offline = (list("system/cpu/present") ?? online).subtracting(online)
        siblings = Set(
            online.numbers.compactMap {
                list("system/cpu/cpu\($0)/topology/thread_siblings_list")?.intersection(online)
            }.filter { $0.numbers.count > 1 }
        ).sorted { $0.numbers[0] < $1.numbers[0] }
        // Of Intel's hybrid processors each kind counts events by a unit of its own.
        let units = ["cpu_core", "cpu_atom", "cpu_lowpower"].compactMap { name in
            list("\(name)/cpus").map { Kind(name: name, processors: $0.intersection(online)) }
        }
        // Of ARM's the scheduler knows how much work each does, 1024 for the largest.
        let capacities = Dictionary(
            grouping: online.numbers.compactMap { number in
                line("system/cpu/cpu\(number)/cpu_capacity").flatMap { UInt32($0) }.map { (number, $0) }
            }, by: \.1
        ).sorted { $0.key > $1.key }.map {
            Kind(name: "cpu_capacity \($0.key)", processors: CPUList($0.value.map(\.0)))
        }
        kinds = [units, capacities].map { $0.filter { !$0.processors.isEmpty } }.first { $0.count > 1 } ?? []
    }

    /// Of this machine.
    static func current(root: String = "/sys") -> ProcessorTopology {
        ProcessorTopology { Files.line("\(root)/devices/\($0)") }
    }
}

extension EnvironmentWarnings {
    /// The traits of the processors that make figures depend on where something happens to run.
    /// - Parameters:
    ///   - placement: where instances are held; nil when they run anywhere.
    ///   - smtIsOff: whether the threads that are offline are so on purpose.
    static func placement(
        _ topology: ProcessorTopology, _ placement: Placement?, smtIsOff: Bool = false
    ) -> [Environment.Warning] {
        let used = placement?.measured ?? topology.online
        var warnings: [Environment.Warning] = []
        let kinds = topology.kinds.filter { !$0.processors.intersection(used).isEmpty }
        if kinds.count > 1 {
            let listed = kinds.map { "\($0.name): \($0.processors.intersection(used))" }
            warnings.append(
                .init(
                    "what is measured may run on processors of \(kinds.count) kinds (\(listed.joined(separator: "; "))): "
                        + "each takes its own time",
                    remedy: "lab run --cpus-allowed \(kinds[0].processors.intersection(used))"))
        }
        if placement != nil {
            let pairs = topology.siblings.map { $0.intersection(used) }.filter { $0.numbers.count > 1 }
            if !pairs.isEmpty {
                let others = pairs.flatMap { $0.numbers.dropFirst() }
                warnings.append(
                    .init(
                        "processors of --cpus-allowed share a core (\(pairs.map(\.description).joined(separator: "; "))): "
                            + "they slow each other down",
                        remedy: "lab run --cpus-allowed \(used.subtracting(CPUList(others)))"))
            }
        }
        if !topology.offline.isEmpty && !smtIsOff {
            let first = topology.offline.numbers[0]
            warnings.append(
                .init(
                    "processors are offline: \(topology.offline)",
                    remedy:
                        "compare only with runs in which they were so too, or bring each back, as in "
                        + "echo 1 | sudo tee /sys/devices/system/cpu/cpu\(first)/online"))
        }
        if let placement, placement.sharesHarness {
            warnings.append(
                .init(
                    "lab itself runs on the processors that it measures on: there is no other",
                    remedy: "leave one out of --cpus-allowed"))
        }
        return warnings
    }
}
