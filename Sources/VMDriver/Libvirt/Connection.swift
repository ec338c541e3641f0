import CLibvirt
import Glibc
import LabCore

/// A libvirt connection that has one owner and closes itself. libvirt's connections may be used from any thread.
struct Connection: ~Copyable, @unchecked Sendable {
    let pointer: virConnectPtr
    /// Tells of the moment at which it breaks.
    let end: ConnectionEnd

    /// The embedded root of a driver within this process.
    private let root: String?
    /// The hypervisor of the connection, for example `QEMU`. The corresponding C function is `virConnectGetType`.
    let driver: String

    /// The time that the other side may be silent, in seconds, and the number of times that it is asked then, before
    /// the connection counts as broken: else a call to a host that has vanished waits for ever.
    private static let silence: (seconds: Int32, times: UInt32) = (5, 4)

    /// Connects to any libvirt URI. The corresponding C function is `virConnectOpen`.
    /// - Throws: `.unavailable` when that fails, or takes longer than 30 s.
    init(_ uri: String) throws(LabError) {
        try EventLoop.start()
        let directory = EmbeddedRoot.directory(of: uri)
        do throws(LibvirtError) {
            (pointer, driver) = try LibvirtCall.make(
                .connection, root: directory,
                dispose: { (made: (pointer: virConnectPtr, driver: String)) in virConnectClose(made.pointer) }
            ) { () throws(LibvirtError) in
                let pointer = try LibvirtError.given(virConnectOpen(uri))
                let driver = virConnectGetType(pointer).map { String(cString: $0) } ?? "unknown"
                return (pointer, driver)
            }
        } catch {
            throw error.labError(
                .unavailable, "cannot connect to libvirt at \(uri)",
                remedy: error.end == .refused ? ConnectionRemedy.text(error, ConnectionURI(uri)) : nil)
        }
        root = directory
        end = ConnectionEnd(of: pointer)
        // Drivers within this process know no such thing.
        virConnectSetKeepAlive(pointer, Self.silence.seconds, Self.silence.times)
    }

    deinit {
        // Says goodbye to the other side, which may be gone.
        let shared = SharedConnection(owning: pointer)
        try? LibvirtCall.make(.question) { () throws(LibvirtError) in
            ConnectionEnd.stopWaiting(of: shared.pointer)
        }
    }

    /// Makes a call on this connection, which it holds open as long as it lasts.
    @discardableResult
    func call<Value>(
        _ kind: LibvirtCall.Kind, until deadline: MonotonicInstant? = nil, giveUp: () -> Void = {},
        dispose: @escaping @Sendable (Value) -> Void = { _ in },
        _ body: @escaping @Sendable (virConnectPtr) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> Value {
        let shared = SharedConnection(pointer)
        return try LibvirtCall.make(kind, until: deadline, root: root, giveUp: giveUp, dispose: dispose) {
            () throws(LibvirtError) in try body(shared.pointer)
        }
    }

    /// libvirt's version on the other side. The corresponding C function is `virConnectGetLibVersion`.
    var libraryVersion: Version? {
        try? call(.question) { (connection) throws(LibvirtError) in
            var number: UInt = 0
            try LibvirtError.given(virConnectGetLibVersion(connection, &number))
            return Version(number)
        }
    }

    /// The hypervisor's version, QEMU's for instance. The corresponding C function is `virConnectGetVersion`.
    var hypervisorVersion: Version? {
        try? call(.probe) { (connection) throws(LibvirtError) in
            var number: UInt = 0
            try LibvirtError.given(virConnectGetVersion(connection, &number))
            return Version(number)
        }
    }

    /// A text that libvirt has allocated.
    private static func taken(_ text: UnsafeMutablePointer<CChar>?) throws(LibvirtError) -> String {
        let text = try LibvirtError.given(text)
        defer { free(text) }
        return String(cString: text)
    }

    /// Returns the driver's and its host's features; it asks each QEMU the first time. The corresponding C function
    /// is `virConnectGetCapabilities`.
    func capabilities() throws(LabError) -> Capabilities {
        let text: String
        do throws(LibvirtError) {
            text = try call(.probe) { (connection) throws(LibvirtError) in
                try Self.taken(virConnectGetCapabilities(connection))
            }
        } catch {
            throw error.labError(
                .unavailable, "libvirt does not say what it can run",
                remedy: error.end == .late ? Self.remedyOfSilence : nil)
        }
        return try Capabilities(xml: text)
    }

    private static let remedyOfSilence: Message =
        "see whether `qemu-system-x86_64 --version` ends: libvirt asks the one in PATH"

    /// The name of the host that runs the domains. The corresponding C function is `virConnectGetHostname`.
    var hostname: String? {
        try? call(.question) { (connection) throws(LibvirtError) in
            try Self.taken(virConnectGetHostname(connection))
        }
    }

    /// The XML of what a domain of this type and machine can have. QEMU is probed by the first call for it.
    /// The corresponding C function is `virConnectGetDomainCapabilities`.
    /// - Throws: `.unavailable` when the connection can't run such a domain.
    func domainCapabilities(
        type: String, machine: String, emulator: String? = nil
    ) throws(LabError) -> String {
        do throws(LibvirtError) {
            return try call(.probe) { (connection) throws(LibvirtError) in
                try Self.taken(
                    virConnectGetDomainCapabilities(connection, emulator, "x86_64", machine, type, 0))
            }
        } catch {
            throw error.labError(
                .unavailable, "the connection can't run a domain of type \(type) on machine \(machine)",
                remedy: error.end == .late ? Self.remedyOfSilence : nil)
        }
    }

    /// Starts a transient domain. The corresponding C function is `virDomainCreateXML`.
    /// - Throws: `.timeout` at the deadline; the domain is destroyed then.
    func create(
        _ xml: String, name: String, deadline: MonotonicInstant? = nil
    ) throws(LabError) -> Domain {
        try create(xml, 0, name, deadline)
    }

    private func create(
        _ xml: String, _ flags: UInt32, _ name: String, _ deadline: MonotonicInstant?
    ) throws(LabError) -> Domain {
        do throws(LibvirtError) {
            let made = try call(
                .change, until: deadline,
                // Which ends the call.
                giveUp: { try? domain(named: name)?.destroy() },
                dispose: { (domain: virDomainPtr) in
                    virDomainDestroy(domain)
                    virDomainFree(domain)
                }
            ) { (connection) throws(LibvirtError) in
                try LibvirtError.given(virDomainCreateXML(connection, xml, flags))
            }
            return Domain(owning: made, root: root)
        } catch {
            if error.end == .late {
                throw LabError(.timeout, "libvirt did not start the domain \(name) in time")
            }
            throw error.labError(.instance, "cannot start the domain \(name)")
        }
    }

    /// Starts a transient domain from a saved one. The corresponding C function is `virDomainRestoreFlags`.
    /// - Parameter xml: what was saved, but for what the guest can't see.
    func restore(
        _ image: String, as xml: String, name: String, deadline: MonotonicInstant
    ) throws(LabError) -> Domain {
        do throws(LibvirtError) {
            try call(
                .change, until: deadline, giveUp: { try? domain(named: name)?.destroy() }
            ) { (connection) throws(LibvirtError) in
                let flags = UInt32(VIR_DOMAIN_SAVE_RUNNING.rawValue)
                try LibvirtError.given(virDomainRestoreFlags(connection, image, xml, flags))
            }
        } catch {
            throw error.labError(.instance, "cannot restore the domain \(name) from \(image)")
        }
        guard let domain = domain(named: name) else {
            throw LabError(.instance, "the domain \(name) ended as soon as it was restored")
        }
        return domain
    }

    /// Makes a transient domain whose guest waits for `resume`. The corresponding C function is `virDomainCreateXML`.
    /// - Throws: `.timeout` at the deadline; the domain is destroyed then.
    func createPaused(_ xml: String, name: String, deadline: MonotonicInstant) throws(LabError) -> Domain {
        // QEMU's driver then destroys it when this connection breaks, however that comes about.
        let end = driver == "QEMU" ? VIR_DOMAIN_START_AUTODESTROY.rawValue : 0
        return try create(xml, VIR_DOMAIN_START_PAUSED.rawValue | end, name, deadline)
    }

    /// Keeps a connection open for a call that may outlast its owner. The corresponding C function is `virConnectRef`.
    private final class SharedConnection: @unchecked Sendable {
        let pointer: virConnectPtr

        init(_ pointer: virConnectPtr) {
            self.pointer = pointer
            virConnectRef(pointer)
        }

        /// Takes over who owned it until now.
        init(owning pointer: virConnectPtr) { self.pointer = pointer }

        deinit { virConnectClose(pointer) }
    }

    /// Checks a description, against libvirt's schema too, and keeps it without starting it. The corresponding C function
    /// is `virDomainDefineXMLFlags`.
    func define(_ xml: String, name: String) throws(LabError) -> Domain {
        do throws(LibvirtError) {
            let made = try call(.question, dispose: { (domain: virDomainPtr) in virDomainFree(domain) }) {
                (connection) throws(LibvirtError) in
                try LibvirtError.given(
                    virDomainDefineXMLFlags(connection, xml, VIR_DOMAIN_DEFINE_VALIDATE.rawValue))
            }
            return Domain(owning: made, root: root)
        } catch {
            throw error.labError(.data, "libvirt refuses the description of \(name)")
        }
    }

    /// The domain of that name, nil when there is none. The corresponding C function is `virDomainLookupByName`.
    func domain(named name: String) -> Domain? {
        let found = try? call(.question, dispose: { (domain: virDomainPtr) in virDomainFree(domain) }) {
            (connection) throws(LibvirtError) in
            try LibvirtError.given(virDomainLookupByName(connection, name))
        }
        guard let found else { return nil }
        return Domain(owning: found, root: root)
    }
}

/// A version as libvirt packs it: 1,000,000 × major + 1,000 × minor + release.
struct Version: Comparable, CustomStringConvertible, Sendable {
    let number: UInt

    init(_ number: UInt) { self.number = number }

    init(_ major: UInt, _ minor: UInt, _ release: UInt) {
        number = major * 1_000_000 + minor * 1_000 + release
    }

    var description: String { "\(number / 1_000_000).\(number / 1_000 % 1_000).\(number % 1_000)" }

    static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}
