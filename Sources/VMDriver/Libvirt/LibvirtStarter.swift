import Glibc
import LabCore

/// Lets libvirt start QEMU, as a transient domain.
struct LibvirtStarter: RestoringStarter {
    let hypervisor: Hypervisor
    /// The place for files that the other side can't read here; nil where it can.
    private let depot: FileUpload?
    private let files: MachineFiles
    private let build: EngineBuild?

    init(_ hypervisor: Hypervisor, paths: LabPaths, _ files: MachineFiles, _ build: EngineBuild? = nil) {
        self.hypervisor = hypervisor
        self.files = files
        self.build = build
        depot = hypervisor.sharesFiles ? nil : FileUpload(hypervisor, paths: paths)
    }

    func resource(for place: VMPlace) -> JournaledResource {
        JournaledResource(.domain, "\(place.name) \(hypervisor.uri)")
    }

    func log(of place: VMPlace) -> String? {
        hypervisor.directory.map { "\($0)/log/qemu/\(place.name).log" }
    }

    var user: QEMUUser? { files.user }

    func path(of file: String) -> String { depot?.path(of: file) ?? files.path(of: file) }

    func bring(_ file: String, into place: String?) throws(LabError) {
        if let depot { try depot.bring(file) } else { try files.bring(file, into: place) }
    }

    func start(
        _ description: DomainDescription, at place: VMPlace, for watch: GuestWatch, deadline: MonotonicInstant
    ) throws(LabError) -> any StartedVM {
        try checkUser(of: description)
        if description.channel.isConsole {
            return try startWithConsole(description, at: place, for: watch, deadline: deadline)
        }
        return try machine(at: place, deadline) { () throws(LabError) in
            try hypervisor.connection.create(
                description.xml, name: place.name, deadline: deadline)
        }
    }

    func restore(
        _ image: String, as description: DomainDescription, at place: VMPlace, deadline: MonotonicInstant
    ) throws(LabError) -> any StartedVM {
        try checkUser(of: description)
        return try machine(at: place, deadline) { () throws(LabError) in
            try hypervisor.connection.restore(
                image, as: description.xml, name: place.name, deadline: deadline)
        }
    }

    /// Without a label libvirt would start QEMU as root.
    private func checkUser(of description: DomainDescription) throws(LabError) {
        guard description.user == user else {
            throw LabError(.software, "the domain \(description.name) is not described as its QEMU's user's")
        }
    }

    private func machine(
        at place: VMPlace, _ deadline: MonotonicInstant, _ start: () throws(LabError) -> Domain
    ) throws(LabError) -> any StartedVM {
        // A daemon's QEMU is never ours.
        guard let directory = hypervisor.directory else { return LibvirtVM(place, try start()) }
        let domain = try Adoption.around(domain: place.name, root: directory, deadline: deadline, start)
        return LibvirtVM(place, domain, QEMUProcess(domain: place.name, root: directory), in: directory)
    }

    /// The guest runs only when its console is listened to: nothing that it says is missed.
    private func startWithConsole(
        _ description: DomainDescription, at place: VMPlace, for watch: GuestWatch, deadline: MonotonicInstant
    ) throws(LabError) -> any StartedVM {
        let domain = try hypervisor.connection.createPaused(
            description.xml, name: place.name, deadline: deadline)
        do throws(LabError) {
            let console = try ConsoleListener(
                domain, name: place.name, of: hypervisor.connection.end, for: watch)
            do throws(LabError) {
                try domain.resume(name: place.name)
            } catch {
                console.close()
                throw error
            }
            return LibvirtVM(place, domain, console: console)
        } catch {
            try? domain.destroy()
            throw error
        }
    }

    /// Asks the connection whether it runs such domains; QEMU is probed by the first call.
    func check(type: DomainType, machine: MachineProfile) throws(LabError) {
        if let obstacle = hypervisor.capabilities.obstacle(to: type, at: hypervisor.uri) { throw obstacle }
        _ = try hypervisor.connection.domainCapabilities(
            type: type.rawValue, machine: type.machine(machine), emulator: build?.path)
    }

    /// libvirt opens it and gives QEMU the descriptor.
    func checkTaps() throws(LabError) {
        guard isOfThisHost else {
            throw LabError(
                .unavailable, "a VM of another host can't be linked to a bridge of this one",
                remedy: "leave --connect out, or say --network none")
        }
    }

    func text(of description: DomainDescription) -> String { description.xml }
    var textName: String { "domain-xml" }

    func text(ofRestoring description: DomainDescription, order: Workload) -> Message {
        let words = ([order.name] + order.arguments).joined(separator: " ")
        let calls: [(String, Message)] = [
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
        let lines = calls.map { call, remark in "\(call)  // \(remark)" as Message }.joined(separator: "\n")
        return "\(lines)\n\n\("DESCRIPTION:\n\(description.xml)" as String)"
    }

    /// isa-debugcon came with libvirt 8.1; Xen's paravirtual guests have a console and nothing else.
    var channel: RecordChannel {
        if hypervisor.drivesXen { return .xenConsole }
        guard hypervisor.sharesFiles else { return .serialConsole }
        let knowsDebugPort = hypervisor.connection.libraryVersion.map { $0 >= Version(8, 1, 0) } ?? false
        return knowsDebugPort ? .debugPort : .serial
    }

    var isDaemon: Bool { hypervisor.directory == nil }
    var isOfThisHost: Bool { hypervisor.isOfThisHost }
    var usesKVMOfThisHost: Bool { isOfThisHost && hypervisor.connection.driver == "QEMU" }

    var timeStampKilohertz: UInt64? {
        isOfThisHost ? TimeStampCounter.kilohertz : hypervisor.capabilities.timeStampKilohertz
    }

    var versions: [EngineRecord.Detail] {
        [
            .init("libvirt", "\(hypervisor.libvirtVersion)"),
            .init(
                "\(hypervisor.connection.driver)",
                build.map { $0.version ?? "unknown" } ?? "\(hypervisor.hypervisorVersion)"),
        ]
    }
    var settings: [EngineRecord.Detail] {
        let connection: Message = isDaemon ? "\(hypervisor.uri)" : "embedded, without a daemon"
        return [.init("connection", connection)]
            + (isDaemon ? [] : [.init("QEMU runs as", QEMUUser.title(of: user))])
            + (isOfThisHost ? [] : [.init("host", hypervisor.connection.hostname.or("unknown"))])
    }

    var prepared: [Message] {
        ["the connection to libvirt", "what libvirt found out about QEMU, which it asks once"]
    }

    var footnotes: [Message] {
        guard channel.isConsole else { return isDaemon ? [] : [QEMUUser.footnote] }
        return [
            "What the guest says travels through libvirt's connection: a mark is stamped when its byte has arrived here. "
                + "`created` is when the guest was let go, by a call of its own, after its console had been opened."
        ]
    }
}

/// A VM that libvirt knows.
private final class LibvirtVM: SavableVM {
    private let place: VMPlace
    private let domain: Domain
    private var qemu: QEMUProcess?
    /// The embedded root, nil where a daemon runs the VM.
    private let directory: String?
    private let console: ConsoleListener?

    init(
        _ place: VMPlace, _ domain: consuming Domain, _ qemu: QEMUProcess? = nil, in directory: String? = nil,
        console: ConsoleListener? = nil
    ) {
        self.place = place
        self.domain = domain
        self.qemu = qemu
        self.directory = directory
        self.console = console
    }

    var process: HostProcess? { qemu.map { HostProcess(pid: $0.pid) } }

    var countedCPUNanoseconds: UInt64? { qemu == nil ? domain.cpuNanoseconds : nil }

    func exitCounts() throws(LabError) -> [String: UInt64] { try domain.exitCounts() }

    func shrinkMemory(to bytes: UInt64) throws(LabError) { try domain.setMemory(bytes) }

    func save(to path: String, deadline: MonotonicInstant) throws(LabError) {
        guard let directory else { return try domain.save(to: path, deadline: deadline) }
        do throws(LabError) {
            // libvirt ends QEMU and waits until it is reaped, as is one that was too slow: its number may be
            // another's then.
            try Adoption.around(domain: place.name, root: directory, deadline: deadline) {
                () throws(LabError) in try domain.save(to: path, deadline: deadline)
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
        // Also when it can't be destroyed: nobody reads the console any more.
        defer { console?.close() }
        let counted = countedCPUNanoseconds
        try domain.destroy()
        while domain.isActive && MonotonicInstant.now() < deadline { usleep(500) }
        guard end?.isGone ?? true, !domain.isActive else { throw place.isStuck }
        return end?.cpuNanoseconds ?? counted
    }
}
