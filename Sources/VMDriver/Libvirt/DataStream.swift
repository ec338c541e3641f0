import CLibvirt
import LabCore

/// Bytes to or from the other side of a connection: a handle that has one owner and frees itself. It ends with its
/// connection at the latest.
struct DataStream: ~Copyable, @unchecked Sendable {
    let pointer: virStreamPtr

    init(owning pointer: virStreamPtr) { self.pointer = pointer }

    deinit { virStreamFree(pointer) }

    /// Ends it, whatever is still under way. The corresponding C function is `virStreamAbort`.
    func abort() { virStreamAbort(pointer) }

    /// Says that all was sent, and waits until the other side has taken it. The corresponding C function is
    /// `virStreamFinish`.
    func finish() throws(LibvirtError) { try LibvirtError.given(virStreamFinish(pointer)) }

    /// Sends all of it. The corresponding C function is `virStreamSend`.
    func send(_ bytes: [UInt8]) throws(LibvirtError) {
        let failure: LibvirtError? = bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                // The most that libvirt takes at once: VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX.
                let length = min(buffer.count - sent, 256 << 10)
                let text = buffer.baseAddress?.advanced(by: sent).assumingMemoryBound(to: CChar.self)
                let count = virStreamSend(pointer, text, length)
                if count < 0 { return LibvirtError.last() }
                sent += Int(count)
            }
            return nil
        }
        if let failure { throw failure }
    }
}
