import Glibc
import LabCore
import OCI

/// A container's cgroup as a scope of systemd's: `--systemd-cgroup`. Asked for by the tool that comes with systemd, since a
/// library for it would be loaded at every start. See systemd.scope(5), org.freedesktop.systemd1(5), `StartTransientUnit`.
struct SystemdScope: SpecPart, JSONReadable {
    var unit = ""
    var slice = ""
    /// True for the manager of a user's.
    var isOfUser = false
    init() {}

    static var isRunning: Bool { Files.isDirectory("/run/systemd/system") }

    /// - Parameter path: `linux.cgroupsPath`: `slice:prefix:name`; empty for one of the container's id.
    init(path: String, id: String, isOfUser: Bool) throws {
        let parts =
            path.isEmpty
            ? ["", "lab-oci", id]
            : path.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, !parts[2].isEmpty else {
            throw Failure(
                "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"\(ForeignText.line(path, most: 400))\" instead"
            )
        }
        let name = parts[2]
        unit =
            name.hasSuffix(".slice") ? name : parts[1].isEmpty ? "\(name).scope" : "\(parts[1])-\(name).scope"
        slice = parts[0].isEmpty ? (isOfUser ? "user.slice" : "system.slice") : parts[0]
        self.isOfUser = isOfUser
        guard !unit.contains("/"), try !Self.directory(of: slice).contains("..") else {
            throw Failure("invalid cgroupsPath \(ForeignText.line(path, most: 400))")
        }
    }

    mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "unit": unit = try value.string()
        case "slice": slice = try value.string()
        case "isOfUser": isOfUser = try value.flag()
        default: break
        }
    }

    /// Where a slice is: `a-b.slice` in `a.slice`. See systemd.slice(5).
    static func directory(of slice: String) throws -> String {
        if slice == "-.slice" { return "" }
        let name = slice.hasSuffix(".slice") ? slice.dropLast(6) : ""
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard !name.isEmpty, !name.contains("/"), !parts.contains("") else {
            throw Failure("invalid slice name: \(ForeignText.line(slice, most: 200))")
        }
        return parts.indices.map { "/\(parts[...$0].joined(separator: "-")).slice" }.joined()
    }

    /// Its cgroup, from the root of each hierarchy.
    func path() throws -> String {
        var above = ""
        if isOfUser {
            let said = try run("systemctl", ["show", "--property=ControlGroup", "--value"])
            above = said.trimmingWhitespace()
            guard above.hasPrefix("/") else {
                throw Failure("the systemd of this user has no cgroup: \(above)")
            }
        }
        return "\(above)\(try Self.directory(of: slice))/\(unit)"
    }

    private func run(_ program: String, _ words: [String]) throws -> String {
        try Tool.answer(
            program, [isOfUser ? "--user" : "--system"] + words, asking: "unable to ask systemd")
    }

    private static let manager = [
        "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
    ]

    /// The words of busctl(1) for a list of properties, each a name, a type and values.
    private static func list(_ properties: [[String]]) -> [String] {
        ["\(properties.count)"] + properties.flatMap { $0 }
    }

    /// systemd writes limits anew whenever it is told to read its units again: so it is told of them.
    static func properties(of resources: RuntimeSpec.Resources, isUnified: Bool) -> [[String]] {
        var all: [[String]] = []
        func add(_ name: String, _ value: UInt64) { all.append([name, "t", "\(value)"]) }
        func bytes(_ value: Int64) -> UInt64 { value < 0 ? .max : UInt64(value) }
        if let limit = resources.memory?.limit, limit != 0 {
            add(isUnified ? "MemoryMax" : "MemoryLimit", bytes(limit))
            if isUnified, let swap = resources.memory?.swap, swap != 0, swap < 0 || swap >= limit {
                add("MemorySwapMax", swap < 0 ? .max : UInt64(swap - limit))
            }
        }
        if isUnified, let low = resources.memory?.reservation, low != 0 { add("MemoryLow", bytes(low)) }
        if let pids = resources.pids?.limit, pids != 0 { add("TasksMax", bytes(pids)) }
        if let shares = resources.cpu?.shares, shares != 0 {
            add(isUnified ? "CPUWeight" : "CPUShares", isUnified ? Cgroups.weight(of: shares) : shares)
        }
        if let quota = resources.cpu?.quota, quota != 0 {
            let period = max(1, resources.cpu?.period ?? 100_000)
            // Of a second, up to the next 10 ms, as systemd has it.
            let whole = quota < 0 ? nil : UInt64(quota).multipliedReportingOverflow(by: 1_000_000)
            let perSecond = whole.map { $0.overflow ? UInt64.max : $0.partialValue / period }
            add(
                "CPUQuotaPerSecUSec",
                perSecond.map { $0 > .max - 10_000 ? .max : ($0 + 9_999) / 10_000 * 10_000 } ?? .max)
            add("CPUQuotaPeriodUSec", period)
        }
        return all
    }

    /// Has systemd make it around a process, and waits until that is there.
    func start(_ pid: pid_t, _ resources: RuntimeSpec.Resources, isUnified: Bool) throws {
        var properties = [
            ["Description", "s", "container \(unit)"], ["PIDs", "au", "1", "\(pid)"],
            ["Delegate", "b", "true"], ["DefaultDependencies", "b", "false"],
            ["CollectMode", "s", "inactive-or-failed"], ["Slice", "s", slice],
        ]
        // A slice is one already, and holds no process.
        if unit.hasSuffix(".slice") { properties = [["Wants", "as", "1", slice]] }
        properties += Self.properties(of: resources, isUnified: isUnified)
        _ = try run(
            "busctl",
            Self.manager + ["StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "replace"]
                + Self.list(properties) + ["0"])
        guard !unit.hasSuffix(".slice") else { return }
        let deadline = MonotonicInstant.now().advanced(by: .seconds(30))
        while !isIn(pid) {
            guard MonotonicInstant.now() < deadline else {
                throw Failure("systemd did not move the container into \(unit) in time")
            }
            usleep(1_000)
        }
    }

    private func isIn(_ pid: pid_t) -> Bool {
        CgroupHierarchy.paths(of: pid).contains { $0.hasSuffix("/\(unit)") }
    }

    func update(_ resources: RuntimeSpec.Resources, isUnified: Bool) throws {
        let properties = Self.properties(of: resources, isUnified: isUnified)
        guard !properties.isEmpty else { return }
        _ = try run(
            "busctl", Self.manager + ["SetUnitProperties", "sba(sv)", unit, "true"] + Self.list(properties))
    }

    /// One that nothing runs in is gone by itself; this is for one that something is left in.
    func stop() {
        _ = try? run("busctl", Self.manager + ["StopUnit", "ss", unit, "replace"])
    }
}
