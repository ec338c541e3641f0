import Glibc
import LabCore

/// Lets libvirt start QEMU, as a transient domain.
struct LibvirtStarter: VMStarter {
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
        // A daemon's QEMU is never ours.
        guard let directory = hypervisor.directory else {
            return LibvirtVM(
                place, try hypervisor.connection.create(description.xml, name: place.name), nil)
        }
        let domain = try Adoption.around(domain: place.name, root: directory, deadline: deadline) {
            () throws(LabError) in
            try hypervisor.connection.create(description.xml, name: place.name)
        }
        return LibvirtVM(place, domain, QEMUProcess(domain: place.name, root: directory))
    }

    /// Asks the connection whether it runs such domains; QEMU is probed by the first call.
    func check(type: DomainType, machine: MachineProfile) throws(LabError) {
        do throws(LabError) {
            _ = try hypervisor.connection.domainCapabilities(
                type: type.rawValue, machine: type.machine(machine))
        } catch {
            guard type == .xen, error.remedy == nil else { throw error }
            throw LabError(error.kind, error.message, cause: error.cause, remedy: XenHost.remedy)
        }
    }

    func text(of description: DomainDescription) -> String { description.xml }
    var textName: String { "domain-xml" }

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
private final class LibvirtVM: StartedVM {
    private let place: VMPlace
    private let domain: Domain
    private let qemu: QEMUProcess?

    init(_ place: VMPlace, _ domain: consuming Domain, _ qemu: QEMUProcess?) {
        self.place = place
        self.domain = domain
        self.qemu = qemu
    }

    var process: HostProcess? { qemu.map { HostProcess(pid: $0.pid) } }

    func exitCounts() throws(LabError) -> [String: UInt64] { try domain.exitCounts() }

    func shrinkMemory(to bytes: UInt64) throws(LabError) { try domain.setMemory(bytes) }

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
