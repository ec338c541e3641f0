import CLibvirt
import LabCore

/// libvirt's last error of this thread, copied: call in the same function as the call that failed.
struct LibvirtError: Error {
    let code: UInt32
    let message: Message
    /// The words of libvirt itself, empty where it said nothing.
    var words = ""
    /// The errno of a system call that libvirt could not do; 0 for another error.
    var errno: Int32 = 0
    /// The end of the call; most are refused.
    var end = End.refused

    enum End: Sendable { case refused, late, interrupted }

    /// There was no answer.
    static func late(after began: MonotonicInstant) -> LibvirtError {
        let seconds = (MonotonicInstant.now().nanoseconds(since: began) + 500_000_000) / 1_000_000_000
        return LibvirtError(code: 0, message: "there was no answer within \(seconds) s", end: .late)
    }

    /// A signal came first.
    static let interrupted = LibvirtError(
        code: 0, message: Interrupt.error.message, end: .interrupted)

    /// A pointer that a call has returned; NULL means that it failed.
    static func given<Pointer>(_ pointer: Pointer?) throws(LibvirtError) -> Pointer {
        guard let pointer else { throw .last() }
        return pointer
    }

    /// A status that a call has returned; a negative one means that it failed.
    @discardableResult
    static func given(_ status: Int32) throws(LibvirtError) -> Int32 {
        guard status >= 0 else { throw .last() }
        return status
    }

    static func last() -> LibvirtError {
        guard let error = virGetLastError() else { return LibvirtError(code: 0, message: "no cause given") }
        let text = error.pointee.message.map { String(cString: $0) } ?? "error \(error.pointee.code)"
        let words = ForeignText.line(text, most: 2_000)
        return LibvirtError(
            code: UInt32(bitPattern: error.pointee.code), message: "\(words)", words: words,
            // virReportSystemError() leaves it there, src/util/virerror.c.
            errno: error.pointee.code == Int32(VIR_ERR_SYSTEM_ERROR.rawValue) ? error.pointee.int1 : 0)
    }

    /// The domain is not there, or not running: what a destroyer wants.
    var meansGone: Bool { code == VIR_ERR_NO_DOMAIN.rawValue || code == VIR_ERR_OPERATION_INVALID.rawValue }

    /// The driver has no such function.
    var meansUnsupported: Bool { code == VIR_ERR_NO_SUPPORT.rawValue }

    func labError(_ kind: LabError.Kind, _ message: Message, remedy: Message? = nil) -> LabError {
        switch end {
        case .interrupted: Interrupt.error
        case .late:
            LabError(kind == .unavailable ? kind : .timeout, message, cause: self.message, remedy: remedy)
        case .refused:
            LabError(
                kind, message, cause: self.message, remedy: remedy,
                detail: Stop(Errno(errno)).map(LabError.Detail.exhausted))
        }
    }
}
