import Glibc
import LabCore

/// Lets libvirt start QEMU, as a transient domain.
struct LibvirtStarter: RestoringStarter {
    let hypervisor: Hypervisor

    func resource(for place: VMPlace) -> JournaledResource {
        JournaledResource(.domain, "\(place.name) \(hypervisor.uri)")
    }

    func log(of place: VMPlace) -> String? {
        hypervisor.directory.map { "\($0)/log/qemu/\(place.name).log" }
    }

    func start(
        _ description: DomainDescription, at place: VMPlace, deadline: MonotonicInstant
    ) throws(LabError) -> any StartedVM {
        try machine(at: place, deadline) { () throws(LabError) in
            try hypervisor.connection.create(description.xml, name: place.name)
        }
    }

    func restore(
        _ image: String, as description: DomainDescription, at place: VMPlace, deadline: MonotonicInstant
    ) throws(LabError) -> any StartedVM {
        try machine(at: place, deadline) { () throws(LabError) in
            try hypervisor.connection.restore(image, as: description.xml, name: place.name)
        }
    }

    private func machine(
        at place: VMPlace, _ deadline: MonotonicInstant, _ start: () throws(LabError) -> Domain
    ) throws(LabError) -> any StartedVM {
        // A daemon's QEMU is never ours.
        guard let directory = hypervisor.directory else { return LibvirtVM(place, try start(), nil, nil) }
        let domain = try Adoption.around(domain: place.name, root: directory, deadline: deadline, start)
        return LibvirtVM(place, domain, QEMUProcess(domain: place.name, root: directory), directory)
    }

    /// Asks the connection whether it runs such domains; QEMU is probed by the first call.
    func check(type: DomainType, machine: MachineProfile) throws(LabError) {
        _ = try hypervisor.connection.domainCapabilities(type: type.rawValue, machine: machine.rawValue)
    }

    func text(of description: DomainDescription) -> String { description.xml }
    var textName: String { "domain-xml" }

    func text(ofRestoring description: DomainDescription, order: Workload) -> String {
        let words = ([order.name] + order.arguments).joined(separator: " ")
        let calls = [
            (
                "virDomainCreateXML(DESCRIPTION)",
                "once, before any mark: the guest says ready and waits for an order"
            ),
            (
                "virDomainSaveFlags(IMAGE)",
                "once: then its memory and the state of its devices go into a file"
            ),
            ("virDomainRestoreFlags(IMAGE, DESCRIPTION)", "each time, from requested to created"),
            (
                "write(console.in, \(words.debugDescription))",
                "each time: the order, upon which the guest says ready"
            ),
        ]
        return calls.map { call, remark in "\(call)  // \(remark)\n" }.joined()
            + "\nDESCRIPTION:\n\(description.xml)"
    }

    /// isa-debugcon came with libvirt 8.1.
    var channel: RecordChannel {
        let knowsDebugPort = hypervisor.connection.libraryVersion.map { $0 >= Version(8, 1, 0) } ?? false
        return knowsDebugPort ? .debugPort : .serial
    }

    var isDaemon: Bool { hypervisor.directory == nil }

    var details: [EngineRecord.Detail] {
        [
            .init("libvirt", hypervisor.libvirtVersion),
            .init(hypervisor.connection.driver, hypervisor.hypervisorVersion),
            .init("connection", isDaemon ? hypervisor.uri : "embedded, without a daemon"),
        ]
    }

    var footnotes: [String] { [] }
}

/// A VM that libvirt knows.
private final class LibvirtVM: SavableVM {
    private let place: VMPlace
    private let domain: Domain
    private var qemu: QEMUProcess?
    /// The embedded root, nil where a daemon runs the VM.
    private let directory: String?

    init(_ place: VMPlace, _ domain: consuming Domain, _ qemu: QEMUProcess?, _ directory: String?) {
        self.place = place
        self.domain = domain
        self.qemu = qemu
        self.directory = directory
    }

    var process: HostProcess? { qemu.map { HostProcess(pid: $0.pid) } }

    func exitCounts() throws(LabError) -> [String: UInt64] { try domain.exitCounts() }

    func shrinkMemory(to bytes: UInt64) throws(LabError) { try domain.setMemory(bytes) }

    func save(to path: String, deadline: MonotonicInstant) throws(LabError) {
        guard let directory else { return try domain.save(to: path) }
        do throws(LabError) {
            // libvirt ends QEMU and waits until it is reaped, as is one that was too slow: its number may be
            // another's then.
            try Adoption.around(domain: place.name, root: directory, deadline: deadline) {
                () throws(LabError) in try domain.save(to: path)
            }
        } catch {
            guard error.kind == .timeout else { throw error }
            qemu = nil
            throw LabError(
                .timeout, "libvirt did not save the domain \(place.name) in time", cause: error.cause)
        }
        qemu = nil
    }

    func end(deadline: MonotonicInstant) throws(LabError) -> UInt64? {
        // Killed and reaped first: libvirt would send SIGTERM and look again every 200 ms. It does the same when the
        // monitor tells it of QEMU's end and there is still a zombie: so the monitor is held open meanwhile.
        let monitor = qemu?.holdSockets() ?? []
        defer { for socket in monitor { close(socket) } }
        let end = qemu?.end(deadline: deadline)
        try domain.destroy()
        while domain.isActive && MonotonicInstant.now() < deadline { usleep(500) }
        guard end?.isGone ?? true, !domain.isActive else { throw place.isStuck }
        return end?.cpuNanoseconds
    }
}
