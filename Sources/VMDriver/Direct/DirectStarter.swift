import CLinux
import Glibc
import LabCore

/// Starts QEMU as a child of this process, without libvirt: what is left out is libvirt's own cost.
struct DirectStarter: VMStarter {
    /// The program's path.
    let program: String
    /// The version, in QEMU's own words.
    let version: String
    private let files: MachineFiles

    /// Finds the program that libvirt would take, the first in PATH, unless the user named another.
    init(_ files: MachineFiles, _ build: EngineBuild? = nil) throws(LabError) {
        self.files = files
        guard let found = build?.path ?? Tool.find("qemu-system-x86_64") else {
            throw LabError(
                .unavailable, "there is no qemu-system-x86_64 in PATH", remedy: "install qemu-system-x86")
        }
        program = found
        let output = try Tool.run(
            found, ["--version"], in: "/", deadline: .now().advanced(by: Self.patience))
        guard output.status == 0, let line = output.text.split(separator: "\n").first else {
            throw LabError(
                .unavailable, "\(found) does not run",
                cause: "\(ForeignText.line(output.text.trimmingWhitespace(), most: 400))",
                remedy: "install qemu-system-x86 again")
        }
        let word = line.split(separator: " ").first { $0.first?.isNumber ?? false } ?? line
        version = ForeignText.line(String(word), most: 200)
    }

    /// The longest that QEMU may take to say its version.
    private static let patience = Duration.seconds(20)

    func resource(for place: VMPlace) -> JournaledResource { JournaledResource(.qemu, place.name) }

    func log(of place: VMPlace) -> String? { "\(place.directory)/qemu.log" }

    var user: QEMUUser? { files.user }
    func path(of file: String) -> String { files.path(of: file) }
    func bring(_ file: String, into place: String?) throws(LabError) {
        try files.bring(file, into: place)
    }

    func start(
        _ description: DomainDescription, at place: VMPlace, for watch: GuestWatch, deadline: MonotonicInstant
    ) throws(LabError) -> any StartedVM {
        let log = try Self.open("\(place.directory)/qemu.log", O_WRONLY | O_CREAT | O_APPEND)
        let end = try Self.open("\(place.recordPipe).out", O_WRONLY | O_NONBLOCK)
        // Its standard input is a write end of the record channel that it never writes to: so the channel ends with
        // QEMU, also with one that dies before it has opened the channel itself.
        let tap = try description.interface.map { link throws(LabError) in try Self.openTap(link.tap) } ?? -1
        defer { if tap >= 0 { close(tap) } }
        let process = try QEMUProcess.start(
            program, description.qemuArguments, input: end.rawValue, output: log.rawValue,
            tap: tap, as: user, on: description.processors)
        return DirectVM(place, process, emulates: description.type == .qemu)
    }

    private static func open(_ path: String, _ flags: Int32) throws(LabError) -> FileDescriptor {
        do {
            return try FileDescriptor.open(path, flags, mode: 0o600)
        } catch {
            throw LabError(.output, "cannot open \(path) for QEMU", cause: error)
        }
    }

    /// Opens a tap for QEMU, whose user may not: /dev/net/tun is open to root alone where no udev has changed that.
    private static func openTap(_ name: String) throws(LabError) -> Int32 {
        let number = clinux_open_tap(name)
        guard number >= 0 else {
            throw LabError(.instance, "cannot open the tap \(name) for QEMU", cause: Errno(errno))
        }
        return number
    }

    func check(type: DomainType, machine: MachineProfile) throws(LabError) {}

    func checkTaps() throws(LabError) {
        let path = "/dev/net/tun"
        guard access(path, F_OK) == 0 else {
            throw LabError(
                .unavailable, "there can be no tap for a VM", cause: "\(path): \(Errno(errno))",
                remedy: "modprobe tun")
        }
    }

    func text(of description: DomainDescription) -> String {
        let lines = description.qemuOptions.map { option in
            option.name + (option.value.map { " " + ShellText.quote($0) } ?? "")
        }
        return ([program] + lines).joined(separator: " \\\n  ") + "\n"
    }

    var textName: String { "qemu-command" }

    /// QEMU has isa-debugcon since 2009.
    var channel: RecordChannel { .debugPort }
    var isDaemon: Bool { false }
    var isOfThisHost: Bool { true }
    var usesKVMOfThisHost: Bool { true }
    var timeStampKilohertz: UInt64? { TimeStampCounter.kilohertz }

    var versions: [EngineRecord.Detail] { [.init("QEMU", "\(version)")] }
    var settings: [EngineRecord.Detail] {
        [
            .init("QEMU runs as", QEMUUser.title(of: user)),
            .init("start", "clone3(CLONE_VM|CLONE_VFORK), execve: no libvirt, no monitor"),
        ]
    }

    var prepared: [Message] { [] }

    var footnotes: [Message] {
        [
            "`created` is when QEMU was executed; through libvirt it is when libvirt has set the VM going. "
                + "Compare from the request to the kernel's entry.",
            QEMUUser.footnote,
        ]
    }
}

/// A VM whose QEMU is our child.
private final class DirectVM: StartedVM {
    private let place: VMPlace
    private let qemu: QEMUProcess
    private let emulates: Bool

    init(_ place: VMPlace, _ qemu: QEMUProcess, emulates: Bool) {
        self.place = place
        self.qemu = qemu
        self.emulates = emulates
    }

    var process: HostProcess? { HostProcess(pid: qemu.pid) }

    var countedCPUNanoseconds: UInt64? { nil }

    func exitCounts() throws(LabError) -> [String: UInt64] {
        // Emulation has none, and nobody need be asked.
        if emulates { return [:] }
        throw LabError(
            .unavailable, "the exits of VM \(place.name) are unknown", cause: "its QEMU has no monitor",
            remedy: "use the engine kvm")
    }

    func shrinkMemory(to bytes: UInt64) throws(LabError) {
        throw LabError(
            .unavailable, "the balloon of VM \(place.name) can't be inflated",
            cause: "its QEMU has no monitor: libvirt did not start it", remedy: "use the engine qemu or kvm")
    }

    func end(deadline: MonotonicInstant) throws(LabError) -> UInt64? {
        let end = qemu.end(deadline: deadline)
        guard end.isGone else { throw place.isStuck }
        return end.cpuNanoseconds
    }
}
