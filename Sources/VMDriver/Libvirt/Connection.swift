import CLibvirt
import Glibc
import LabCore

/// A libvirt connection that has one owner and closes itself. libvirt's connections may be used from any thread.
struct Connection: ~Copyable, @unchecked Sendable {
    private let pointer: virConnectPtr

    /// Connects to any libvirt URI. The corresponding C function is `virConnectOpen`.
    init(_ uri: String) throws(LabError) {
        EventLoop.start()
        guard let pointer = virConnectOpen(uri) else {
            let error = LibvirtError.last()
            throw error.labError(
                .unavailable, "cannot connect to libvirt at \(uri)", remedy: Connection.remedy(error.message, uri))
        }
        self.pointer = pointer
    }

    deinit { virConnectClose(pointer) }

    private static func remedy(_ message: String, _ uri: String) -> String? {
        if uri.hasPrefix("xen:") || uri.hasPrefix("xen+") {
            return "in dom0, install libvirt-daemon-driver-xen and start libvirtd; or: \(XenHost.remedy)"
        }
        if message.contains("Failed to parse user") || message.contains("Failed to parse group") {
            return "adduser --system --group --no-create-home libvirt-qemu"
                + " (the package libvirt-daemon-system does the same)"
        }
        if message.contains("libvirt_driver_qemu") || message.contains("no connection driver") {
            return "apt-get install libvirt-daemon-driver-qemu"
        }
        return nil
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

    /// Sets how much of its memory its guest is to keep, in bytes, and does not wait until it has given up the rest.
    /// The corresponding C function is `virDomainSetMemoryFlags`.
    func setMemory(_ bytes: UInt64) throws(LabError) {
        guard virDomainSetMemoryFlags(pointer, UInt(bytes >> 10), UInt32(VIR_DOMAIN_AFFECT_LIVE.rawValue)) < 0
        else { return }
        throw LibvirtError.last().labError(.instance, "cannot ask a guest for its memory")
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
