import CLinux
import Glibc
import LabCore

/// The host itself, for comparison with what a workload says it sees. Read by this process.
struct Host: Sendable {
    let own: ProcessIsolation
    let system: System
    let bootID: String
    let commandLineDigest: String?
    let memoryBytes: UInt64
    let processors: Int
    let processorModel: String?
    let interfaces: String?
    let disks: String?

    /// uname(2).
    struct System: Equatable, Sendable {
        var name: String
        var release: String
        var version: String

        static func current() -> System {
            var system = utsname()
            uname(&system)
            func text<Field>(_ field: Field) -> String {
                withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            }
            return System(
                name: text(system.nodename), release: text(system.release), version: text(system.version))
        }
    }

    /// - Throws: `.unavailable` where /proc does not say which boot this is.
    static func current() throws(LabError) -> Host {
        guard let bootID = Files.line("/proc/sys/kernel/random/boot_id") else {
            throw LabError(.unavailable, "the host does not say which boot it is in")
        }
        var information = sysinfo()
        sysinfo(&information)
        return Host(
            own: try .own(), system: .current(), bootID: bootID,
            commandLineDigest: digest("/proc/cmdline"),
            memoryBytes: UInt64(information.totalram) * UInt64(information.mem_unit),
            processors: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
            processorModel: Files.line("/proc/cpuinfo").flatMap(model),
            interfaces: column("/proc/net/dev", 0), disks: column("/proc/partitions", 3))
    }

    /// Seconds since this kernel started.
    static func uptimeSeconds() -> Double {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    /// FNV-1a of a file's first 64 KiB without white space at its end, as lab-guest makes it; nil when it can't be read.
    static func digest(_ path: String) -> String? {
        guard let bytes = try? Files.read(path, limit: 1 << 20) else { return nil }
        var text = bytes.prefix(1 << 16)
        while let last = text.last, last == 0x0a || last == 0x20 { text.removeLast() }
        return hexadecimal(text.fnv1a)
    }

    /// `COUNT SUM`, as lab-guest lists a directory; nil when it can't be read.
    static func listing(_ path: String) -> String? {
        guard Files.isDirectory(path) else { return nil }
        let names = Files.list(path)
        return "\(names.count) \(hexadecimal(names.reduce(0) { $0 &+ $1.utf8.fnv1a }))"
    }

    static func hexadecimal(_ value: UInt64) -> String {
        String(value, radix: 16).zeroPadded(to: 16)
    }

    private static func model(_ text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last?
            .trimmingWhitespace()
    }

    /// One column of a table of /proc below its two lines of heading, joined by commas.
    private static func column(_ path: String, _ place: Int) -> String? {
        guard let text = try? Files.readText(path) else { return nil }
        let rows = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(2)
        return rows.compactMap { row in
            let words = row.split(separator: " ")
            return words.count > place ? words[place].split(separator: ":").first.map(String.init) : nil
        }.joined(separator: ",")
    }
}

/// The place where an instance's workload runs, as the host sees it.
enum Residence: Sendable {
    /// A process of the host's kernel, with what that says of it.
    case host(ProcessIsolation, filters: [SeccompProgram])
    /// Under a kernel of its own: this host has a process of another program for it, and none that runs the workload.
    case ownKernel(monitor: ProcessIsolation, bootID: String)

    /// - Parameter bootID: what the workload says its kernel's boot is; it must agree with what the host sees.
    init(of instance: any Instance, bootID: String?, host: Host) throws(LabError) {
        let process = try Self.process(of: instance)
        let seen = try ProcessIsolation(of: process)
        let isWorkload = seen.program.split(separator: "/").last == "lab-guest"
        // A workload without /proc can't say; one that says the opposite of what is seen is not to be believed at all.
        if let bootID, (bootID == host.bootID) != isWorkload {
            throw LabError(
                .instance, "the workload's kernel can't be told from the host's",
                cause: "process \(process.pid) executes \(seen.program), and its boot_id is \(bootID)")
        }
        guard isWorkload else {
            self = .ownKernel(monitor: seen, bootID: bootID ?? "unknown")
            return
        }
        self = .host(seen, filters: seen.isFiltered ? (try? SeccompProgram.loaded(by: process)) ?? [] : [])
    }

    /// The process that stands for an instance: its payload, or its VMM.
    /// - Throws: `.unavailable` where the engine can't name it.
    static func process(of instance: any Instance) throws(LabError) -> HostProcess {
        guard let visible = instance as? any HostVisible, let first = try visible.hostProcesses().first else {
            throw LabError(.unavailable, "the processes of this engine's instances are not known")
        }
        return first
    }

    var isHost: Bool {
        if case .host = self { true } else { false }
    }
}
