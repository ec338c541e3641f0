/// Memory and swap from /proc/meminfo, in bytes. See proc(5).
struct MemoryInfo: Equatable {
    var total: UInt64?
    var swapTotal: UInt64?
    var swapFree: UInt64?

    /// Swap space that holds something, nil when unknown.
    var swapUsed: UInt64? {
        guard let swapTotal, let swapFree, swapTotal >= swapFree else { return nil }
        return swapTotal - swapFree
    }

    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            guard let (key, value) = splitOnce(line, at: ":"), value.hasSuffix(" kB"),
                let kibibytes = UInt64(value.dropLast(3))
            else { continue }
            let (bytes, overflow) = kibibytes.multipliedReportingOverflow(by: 1_024)
            guard !overflow else { continue }
            switch key {
            case "MemTotal": total = bytes
            case "SwapTotal": swapTotal = bytes
            case "SwapFree": swapFree = bytes
            default: break
            }
        }
    }
}

/// The way in which control groups are mounted below /sys/fs/cgroup. See cgroups(7).
public enum CgroupLayout: String, Sendable {
    /// Only version 1 hierarchies.
    case v1
    /// Version 1 hierarchies and the unified one beside them.
    case hybrid
    /// Only the unified hierarchy.
    case v2
    case none

    /// Reads /proc/self/mountinfo; see proc_pid_mountinfo(5).
    public init(mountinfo text: String) {
        var v1 = false
        var v2 = false
        for line in text.split(whereSeparator: \.isNewline) {
            // ID parent major:minor root MOUNT-POINT options [optional…] - TYPE source super-options
            let fields = line.split(separator: " ")
            guard fields.count > 5, let dash = fields.dropFirst(6).firstIndex(of: "-"),
                fields.indices.contains(dash + 1)
            else { continue }
            // A container's own mounts elsewhere in the table are not this machine's layout.
            guard fields[4] == "/sys/fs/cgroup" || fields[4].hasPrefix("/sys/fs/cgroup/") else { continue }
            if fields[dash + 1] == "cgroup" { v1 = true }
            if fields[dash + 1] == "cgroup2" { v2 = true }
        }
        self = v1 ? (v2 ? .hybrid : .v1) : (v2 ? .v2 : .none)
    }
}

/// What a distribution says of itself, see os-release(5).
package enum OSRelease {
    /// The values of the file's text, by their keys.
    static func fields(_ text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let (key, value) = splitOnce(line, at: "=") else { continue }
            fields[key] = unquoted(value)
        }
        return fields
    }

    /// Those of this machine's distribution; empty where it has no such file.
    package static var ofThisMachine: [String: String] {
        fields((try? Files.readText("/etc/os-release")) ?? "")
    }

    /// Debian's release, `bookworm`; nil for another distribution, and for a name that no command line should get.
    package static func debianSuite(_ text: String) -> String? {
        let fields = fields(text)
        guard fields["ID"] == "debian", let suite = fields["VERSION_CODENAME"], !suite.isEmpty,
            suite.utf8.count < 32, suite.utf8.allSatisfy({ (0x61...0x7a).contains($0) })
        else { return nil }
        return suite
    }

    /// `PRETTY_NAME`, else `NAME` and `VERSION_ID`; nil when the file names neither.
    static func prettyName(_ text: String) -> String? {
        let fields = fields(text)
        if let pretty = fields["PRETTY_NAME"], !pretty.isEmpty { return pretty }
        guard let name = fields["NAME"], !name.isEmpty else { return nil }
        return [name, fields["VERSION_ID"] ?? ""].joined(separator: " ").trimmingWhitespace()
    }

    /// A value as a shell would read it: without its quotation marks, and `\x` as `x` within double ones.
    private static func unquoted(_ value: String) -> String {
        guard value.count >= 2, let quote = value.first, quote == "\"" || quote == "'", value.last == quote
        else { return value }
        let inner = value.dropFirst().dropLast()
        guard quote == "\"" else { return String(inner) }
        var text = ""
        var escaped = false
        for character in inner {
            if character == "\\" && !escaped {
                escaped = true
            } else {
                text.append(character)
                escaped = false
            }
        }
        return text
    }
}

/// The hypervisor below this machine, as far as the machine can tell.
enum HypervisorName {
    /// The name when the CPU has the hypervisor flag and nothing tells whose it is.
    static let unnamed = "unnamed hypervisor"

    /// - Parameters:
    ///   - flag: the CPU's hypervisor flag; nil where CPUs have none.
    ///   - type: /sys/hypervisor/type, which Xen writes.
    ///   - vendor, product: `sys_vendor` and `product_name` of the DMI table.
    ///   - clocksources: the kernel's clock sources; a paravirtual clock names its hypervisor.
    /// - Returns: nil on bare metal. A cloud's vendor name alone proves nothing: it rents out bare metal too.
    static func find(
        flag: Bool?, type: String?, vendor: String?, product: String?, clocksources: String?
    ) -> String? {
        if let type { return type == "xen" ? "Xen" : type }
        if flag == false { return nil }
        let clocks = (clocksources ?? "").split(separator: " ")
        let paravirtual = ["kvm-clock": "KVM", "xen": "Xen", "hyperv_clocksource_tsc_page": "Hyper-V"]
        let clock = clocks.lazy.compactMap { paravirtual[String($0)] }.first
        // Vendors whose every machine is a virtual one.
        let machine: String? =
            switch vendor {
            case "QEMU": "QEMU"
            case "VMware, Inc.": "VMware"
            case "innotek GmbH", "Oracle Corporation": product == "VirtualBox" ? "VirtualBox" : nil
            case "Microsoft Corporation": product == "Virtual Machine" ? "Hyper-V" : nil
            default: nil
            }
        guard let name = clock ?? machine ?? (flag == true ? unnamed : nil) else { return nil }
        guard machine == nil, let vendor else { return name }
        return "\(name) (\(vendor))"
    }
}
