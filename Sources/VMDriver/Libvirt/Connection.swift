import CLibvirt
import Glibc
import LabCore

/// A libvirt connection that has one owner and closes itself. libvirt's connections may be used from any thread.
struct Connection: ~Copyable, @unchecked Sendable {
    let pointer: virConnectPtr
    /// Tells of the moment at which it breaks.
    let end: ConnectionEnd

    /// The longest to wait for a connection.
    private static let patience = Duration.seconds(30)
    /// How long the other side may be silent, in seconds, and how often it is asked then, before the connection counts
    /// as broken: else a call to a host that has vanished waits for ever.
    private static let silence: (seconds: Int32, times: UInt32) = (5, 4)

    /// Connects to any libvirt URI. The corresponding C function is `virConnectOpen`.
    /// - Throws: `.unavailable` when that fails, or takes longer than 30 s.
    init(_ uri: String) throws(LabError) {
        try EventLoop.start()
        let call = try BoundedCall { Unclaimed(virConnectOpen(uri)) { virConnectClose($0) } }
        guard let opened = call.wait(until: .now().advanced(by: Self.patience)) else {
            throw LabError(
                .unavailable, "cannot connect to libvirt at \(uri)",
                cause: "there was no answer within \(Self.patience.components.seconds) s")
        }
        do throws(LibvirtError) {
            pointer = try opened.take()
        } catch {
            throw error.labError(
                .unavailable, "cannot connect to libvirt at \(uri)",
                remedy: ConnectionRemedy.text(error, ConnectionURI(uri)))
        }
        end = ConnectionEnd(of: pointer)
        // Drivers within this process know no such thing.
        virConnectSetKeepAlive(pointer, Self.silence.seconds, Self.silence.times)
    }

    deinit {
        ConnectionEnd.stopWaiting(of: pointer)
        virConnectClose(pointer)
    }

    /// What the connection drives, for example `QEMU`. The corresponding C function is `virConnectGetType`.
    var driver: String { virConnectGetType(pointer).map { String(cString: $0) } ?? "unknown" }

    /// libvirt's version on the other side. The corresponding C function is `virConnectGetLibVersion`.
    var libraryVersion: Version? {
        var number: UInt = 0
        return virConnectGetLibVersion(pointer, &number) == 0 ? Version(number) : nil
    }

    /// The hypervisor's version, QEMU's for instance. The corresponding C function is `virConnectGetVersion`.
    var hypervisorVersion: Version? {
        var number: UInt = 0
        return virConnectGetVersion(pointer, &number) == 0 ? Version(number) : nil
    }

    /// What the driver says of itself and of its host. The corresponding C function is `virConnectGetCapabilities`.
    func capabilities() throws(LabError) -> Capabilities {
        guard let text = virConnectGetCapabilities(pointer) else {
            throw LibvirtError.last().labError(.unavailable, "libvirt does not say what it can run")
        }
        defer { free(text) }
        return try Capabilities(xml: String(cString: text))
    }

    /// The name of the host that runs the domains. The corresponding C function is `virConnectGetHostname`.
    var hostname: String? {
        guard let text = virConnectGetHostname(pointer) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    /// The XML of what a domain of this type and machine can have. QEMU is probed by the first call for it.
    /// The corresponding C function is `virConnectGetDomainCapabilities`.
    /// - Throws: `.unavailable` when the connection can't run such a domain.
    func domainCapabilities(type: String, machine: String) throws(LabError) -> String {
        guard let text = virConnectGetDomainCapabilities(pointer, nil, "x86_64", machine, type, 0) else {
            throw LibvirtError.last().labError(
                .unavailable, "the connection can't run a domain of type \(type) on machine \(machine)")
        }
        defer { free(text) }
        return String(cString: text)
    }

    /// Starts a transient domain. The corresponding C function is `virDomainCreateXML`.
    func create(_ xml: String, name: String) throws(LabError) -> Domain {
        guard let domain = virDomainCreateXML(pointer, xml, 0) else {
            throw LibvirtError.last().labError(.instance, "cannot start the domain \(name)")
        }
        return Domain(owning: domain)
    }

    /// Starts a transient domain from a saved one. The corresponding C function is `virDomainRestoreFlags`.
    /// - Parameter xml: what was saved, but for what the guest can't see.
    func restore(_ image: String, as xml: String, name: String) throws(LabError) -> Domain {
        guard virDomainRestoreFlags(pointer, image, xml, UInt32(VIR_DOMAIN_SAVE_RUNNING.rawValue)) == 0 else {
            throw LibvirtError.last().labError(.instance, "cannot restore the domain \(name) from \(image)")
        }
        guard let domain = domain(named: name) else {
            throw LabError(.instance, "the domain \(name) ended as soon as it was restored")
        }
        return domain
    }

    /// How long a domain that was destroyed during its start may take to be gone.
    private static let removal = Duration.seconds(10)

    /// Makes a transient domain whose guest waits for `resume`. The corresponding C function is `virDomainCreateXML`.
    /// - Throws: `.timeout` at the deadline; the domain is destroyed then.
    func createPaused(_ xml: String, name: String, deadline: MonotonicInstant) throws(LabError) -> Domain {
        // QEMU's driver then destroys it when this connection breaks, however that comes about.
        let end = driver == "QEMU" ? VIR_DOMAIN_START_AUTODESTROY.rawValue : 0
        let flags = VIR_DOMAIN_START_PAUSED.rawValue | end
        let connection = SharedConnection(pointer)
        let call = try BoundedCall {
            Unclaimed(virDomainCreateXML(connection.pointer, xml, flags)) { domain in
                virDomainDestroy(domain)
                virDomainFree(domain)
            }
        }
        guard let made = call.wait(until: deadline) else {
            // Which ends the call.
            try? domain(named: name)?.destroy()
            _ = call.wait(until: .now().advanced(by: Self.removal))
            throw LabError(.timeout, "libvirt did not start the domain \(name) in time")
        }
        do throws(LibvirtError) {
            return Domain(owning: try made.take())
        } catch {
            throw error.labError(.instance, "cannot start the domain \(name)")
        }
    }

    /// Keeps a connection open for a call that may outlast its owner. The corresponding C function is `virConnectRef`.
    private final class SharedConnection: @unchecked Sendable {
        let pointer: virConnectPtr

        init(_ pointer: virConnectPtr) {
            self.pointer = pointer
            virConnectRef(pointer)
        }

        deinit { virConnectClose(pointer) }
    }

    /// Checks a description, against libvirt's schema too, and keeps it without starting it. The corresponding C function
    /// is `virDomainDefineXMLFlags`.
    func define(_ xml: String, name: String) throws(LabError) -> Domain {
        guard let domain = virDomainDefineXMLFlags(pointer, xml, VIR_DOMAIN_DEFINE_VALIDATE.rawValue) else {
            throw LibvirtError.last().labError(.data, "libvirt refuses the description of \(name)")
        }
        return Domain(owning: domain)
    }

    /// The domain of that name, nil when there is none. The corresponding C function is `virDomainLookupByName`.
    func domain(named name: String) -> Domain? {
        virDomainLookupByName(pointer, name).map { Domain(owning: $0) }
    }
}

/// A domain's handle, which has one owner and frees itself; the domain lives on without it.
struct Domain: ~Copyable, @unchecked Sendable {
    private let pointer: virDomainPtr

    init(owning pointer: virDomainPtr) { self.pointer = pointer }

    deinit { virDomainFree(pointer) }

    /// The corresponding C function is `virDomainGetXMLDesc`.
    var xml: String? {
        guard let text = virDomainGetXMLDesc(pointer, 0) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    /// Opens its first console, to be read without waiting. The corresponding C function is `virDomainOpenConsole`.
    func openConsole(name: String) throws(LabError) -> DataStream {
        guard let stream = virStreamNew(virDomainGetConnect(pointer), VIR_STREAM_NONBLOCK.rawValue) else {
            throw LibvirtError.last().labError(.instance, "cannot open the console of the domain \(name)")
        }
        let owned = DataStream(owning: stream)
        guard virDomainOpenConsole(pointer, nil, stream, 0) == 0 else {
            throw LibvirtError.last().labError(.instance, "cannot open the console of the domain \(name)")
        }
        return owned
    }

    /// Lets a paused guest run. The corresponding C function is `virDomainResume`.
    func resume(name: String) throws(LabError) {
        if virDomainResume(pointer) < 0 {
            throw LibvirtError.last().labError(.instance, "cannot start the domain \(name)")
        }
    }

    /// Sets how much of its memory its guest is to keep, in bytes, and does not wait until it has given up the rest.
    /// The corresponding C function is `virDomainSetMemoryFlags`.
    func setMemory(_ bytes: UInt64) throws(LabError) {
        guard virDomainSetMemoryFlags(pointer, UInt(bytes >> 10), UInt32(VIR_DOMAIN_AFFECT_LIVE.rawValue)) < 0
        else { return }
        throw LibvirtError.last().labError(.instance, "cannot ask a guest for its memory")
    }

    /// Writes its state to a new file of mode 0600, which ends it. The corresponding C function is `virDomainSaveFlags`.
    /// - Throws: `.unavailable`; the domain may then still run.
    func save(to path: String) throws(LabError) {
        let flags = UInt32(VIR_DOMAIN_SAVE_RUNNING.rawValue)
        guard virDomainSaveFlags(pointer, path, nil, flags) < 0 else { return }
        let error = LibvirtError.last()
        throw error.labError(
            .unavailable, "libvirt can't save a VM here",
            remedy: error.message.contains("libvirt_iohelper")
                ? "apt-get install --no-install-recommends libvirt-daemon (for a helper that comes with it: no daemon is started)"
                : nil)
    }

    /// Nanoseconds of CPU time that the hypervisor has counted for it so far; nil where it is gone, or where its driver
    /// doesn't say. The corresponding C function is `virDomainGetInfo`.
    var cpuNanoseconds: UInt64? {
        var info = virDomainInfo()
        guard virDomainGetInfo(pointer, &info) == 0, info.cpuTime > 0 else { return nil }
        return UInt64(info.cpuTime)
    }

    /// Ends it at once; one that is gone already is no error. The corresponding C function is `virDomainDestroy`.
    func destroy() throws(LabError) {
        guard virDomainDestroy(pointer) < 0 else { return }
        let error = LibvirtError.last()
        if !error.meansGone { throw error.labError(.instance, "cannot destroy a domain") }
    }

    /// Forgets a domain that was defined. The corresponding C function is `virDomainUndefine`.
    func undefine() { virDomainUndefine(pointer) }

    /// Hands over the statistics of one group that are unsigned numbers of 64 bits.
    func withStatistics<Result>(
        _ group: UInt32, _ body: ([(name: String, value: UInt64)]) -> Result
    ) throws(LabError) -> Result {
        var list: [virDomainPtr?] = [pointer, nil]
        var records: UnsafeMutablePointer<virDomainStatsRecordPtr?>?
        let count = virDomainListGetStats(&list, group, &records, 0)
        guard count >= 0, let records else {
            let error = LibvirtError.last()
            // A driver that keeps no statistics counts nothing.
            if error.meansUnsupported { return body([]) }
            throw error.labError(.instance, "cannot read the statistics of a domain")
        }
        defer { virDomainStatsRecordListFree(records) }
        var found: [(name: String, value: UInt64)] = []
        for place in 0..<Int(count) {
            guard let record = records[place]?.pointee, let parameters = record.params else { continue }
            for entry in UnsafeBufferPointer(start: parameters, count: Int(record.nparams))
            where entry.type == Int32(VIR_TYPED_PARAM_ULLONG.rawValue) {
                let name = withUnsafeBytes(of: entry.field) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                found.append((name, UInt64(entry.value.ul)))
            }
        }
        return body(found)
    }

    /// Whether it runs; false when libvirt no longer knows it. The corresponding C function is `virDomainIsActive`.
    var isActive: Bool { virDomainIsActive(pointer) == 1 }
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
