import CLibvirt
import Glibc
import LabCore

/// A domain's handle, which has one owner and frees itself; the domain lives on without it.
struct Domain: ~Copyable, @unchecked Sendable {
    private let pointer: virDomainPtr
    /// The embedded root of its driver.
    private let root: String?

    init(owning pointer: virDomainPtr, root: String?) {
        self.pointer = pointer
        self.root = root
    }

    deinit { virDomainFree(pointer) }

    /// Makes a call on this domain, whose handle it holds as long as it lasts.
    @discardableResult
    private func call<Value>(
        _ kind: LibvirtCall.Kind, until deadline: MonotonicInstant? = nil,
        dispose: @escaping @Sendable (Value) -> Void = { _ in },
        _ body: @escaping @Sendable (virDomainPtr) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> Value {
        let shared = SharedDomain(pointer)
        return try LibvirtCall.make(kind, until: deadline, root: root, dispose: dispose) {
            () throws(LibvirtError) in try body(shared.pointer)
        }
    }

    /// The corresponding C function is `virDomainRef`.
    private final class SharedDomain: @unchecked Sendable {
        let pointer: virDomainPtr

        init(_ pointer: virDomainPtr) {
            self.pointer = pointer
            virDomainRef(pointer)
        }

        deinit { virDomainFree(pointer) }
    }

    /// The corresponding C function is `virDomainGetXMLDesc`.
    var xml: String? {
        try? call(.question) { (domain) throws(LibvirtError) in
            let text = try LibvirtError.given(virDomainGetXMLDesc(domain, 0))
            defer { free(text) }
            return String(cString: text)
        }
    }

    /// Opens its first console, to be read without waiting. The corresponding C function is `virDomainOpenConsole`.
    func openConsole(name: String) throws(LabError) -> DataStream {
        do throws(LibvirtError) {
            let made = try call(.question, dispose: { (stream: virStreamPtr) in virStreamFree(stream) }) {
                (domain) throws(LibvirtError) in
                let stream = try LibvirtError.given(
                    virStreamNew(virDomainGetConnect(domain), VIR_STREAM_NONBLOCK.rawValue))
                do throws(LibvirtError) {
                    try LibvirtError.given(virDomainOpenConsole(domain, nil, stream, 0))
                } catch {
                    virStreamFree(stream)
                    throw error
                }
                return stream
            }
            return DataStream(owning: made)
        } catch {
            throw error.labError(.instance, "cannot open the console of the domain \(name)")
        }
    }

    /// Lets a paused guest run. The corresponding C function is `virDomainResume`.
    func resume(name: String) throws(LabError) {
        do throws(LibvirtError) {
            try call(.change) { (domain) throws(LibvirtError) in
                try LibvirtError.given(virDomainResume(domain))
            }
        } catch {
            throw error.labError(.instance, "cannot start the domain \(name)")
        }
    }

    /// Sets how much of its memory its guest is to keep, in bytes, and does not wait until it has given up the rest.
    /// The corresponding C function is `virDomainSetMemoryFlags`.
    func setMemory(_ bytes: UInt64) throws(LabError) {
        do throws(LibvirtError) {
            try call(.change) { (domain) throws(LibvirtError) in
                try LibvirtError.given(
                    virDomainSetMemoryFlags(
                        domain, UInt(bytes >> 10), UInt32(VIR_DOMAIN_AFFECT_LIVE.rawValue)))
            }
        } catch {
            throw error.labError(.instance, "cannot ask a guest for its memory")
        }
    }

    /// Writes its state to a new file of mode 0600, which ends it. The corresponding C function is `virDomainSaveFlags`.
    /// - Throws: `.unavailable`, or `.timeout` at the deadline; the domain may then still run.
    func save(to path: String, deadline: MonotonicInstant) throws(LabError) {
        do throws(LibvirtError) {
            try call(.change, until: deadline) { (domain) throws(LibvirtError) in
                let flags = UInt32(VIR_DOMAIN_SAVE_RUNNING.rawValue)
                try LibvirtError.given(virDomainSaveFlags(domain, path, nil, flags))
            }
        } catch {
            throw error.labError(
                error.end == .late ? .timeout : .unavailable, "libvirt can't save a VM here",
                remedy: error.words.contains("libvirt_iohelper")
                    ? "apt-get install --no-install-recommends libvirt-daemon (for a helper that comes with it: no daemon is started)"
                    : nil)
        }
    }

    /// Nanoseconds of CPU time that the hypervisor has counted for it so far; nil where it is gone, or where its driver
    /// doesn't say. The corresponding C function is `virDomainGetInfo`.
    var cpuNanoseconds: UInt64? {
        let counted = try? call(.question) { (domain) throws(LibvirtError) in
            var info = virDomainInfo()
            try LibvirtError.given(virDomainGetInfo(domain, &info))
            return UInt64(info.cpuTime)
        }
        return counted.flatMap { $0 > 0 ? $0 : nil }
    }

    /// Ends it at once; one that is gone already is no error. The corresponding C function is `virDomainDestroy`.
    func destroy() throws(LabError) {
        do throws(LibvirtError) {
            try call(.change) { (domain) throws(LibvirtError) in
                try LibvirtError.given(virDomainDestroy(domain))
            }
        } catch {
            if !error.meansGone { throw error.labError(.instance, "cannot destroy a domain") }
        }
    }

    /// Forgets a domain that was defined. The corresponding C function is `virDomainUndefine`.
    func undefine() {
        _ = try? call(.question) { (domain) throws(LibvirtError) in
            try LibvirtError.given(virDomainUndefine(domain))
        }
    }

    /// The statistics of one group that are unsigned numbers of 64 bits; none of a driver that keeps none. The
    /// corresponding C function is `virDomainListGetStats`.
    func statistics(_ group: UInt32) throws(LabError) -> [(name: String, value: UInt64)] {
        do throws(LibvirtError) {
            return try call(.question) { (domain) throws(LibvirtError) in
                var list: [virDomainPtr?] = [domain, nil]
                var records: UnsafeMutablePointer<virDomainStatsRecordPtr?>?
                let count = try LibvirtError.given(virDomainListGetStats(&list, group, &records, 0))
                guard let records else { return [] }
                defer { virDomainStatsRecordListFree(records) }
                return (0..<Int(count)).flatMap { Self.numbers(records[$0]) }
            }
        } catch {
            if error.meansUnsupported { return [] }
            throw error.labError(.instance, "cannot read the statistics of a domain")
        }
    }

    private static func numbers(_ record: virDomainStatsRecordPtr?) -> [(name: String, value: UInt64)] {
        guard let record = record?.pointee, let parameters = record.params else { return [] }
        return UnsafeBufferPointer(start: parameters, count: Int(record.nparams)).filter {
            $0.type == Int32(VIR_TYPED_PARAM_ULLONG.rawValue)
        }.map { entry in
            let name = withUnsafeBytes(of: entry.field) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            return (name, UInt64(entry.value.ul))
        }
    }

    /// True when it runs; false when libvirt no longer knows it. The corresponding C function is `virDomainIsActive`.
    var isActive: Bool {
        do throws(LibvirtError) {
            return try call(.question) { (domain) throws(LibvirtError) in
                try LibvirtError.given(virDomainIsActive(domain))
            } == 1
        } catch {
            // Nobody has said that it is gone.
            return error.end != .refused
        }
    }
}
