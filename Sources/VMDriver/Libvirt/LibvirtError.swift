import CLibvirt
import LabCore

/// libvirt's last error of this thread, copied: call in the same function as the call that failed.
struct LibvirtError: Error {
    let code: UInt32
    let message: String

    static func last() -> LibvirtError {
        guard let error = virGetLastError() else { return LibvirtError(code: 0, message: "no cause given") }
        let text = error.pointee.message.map { String(cString: $0) } ?? "error \(error.pointee.code)"
        return LibvirtError(code: UInt32(bitPattern: error.pointee.code), message: text)
    }

    /// The domain is not there, or not running: what a destroyer wants.
    var meansGone: Bool { code == VIR_ERR_NO_DOMAIN.rawValue || code == VIR_ERR_OPERATION_INVALID.rawValue }

    /// The driver has no such function.
    var meansUnsupported: Bool { code == VIR_ERR_NO_SUPPORT.rawValue }

    func labError(_ kind: LabError.Kind, _ message: String, remedy: String? = nil) -> LabError {
        LabError(kind, message, cause: self.message, remedy: remedy)
    }
}
