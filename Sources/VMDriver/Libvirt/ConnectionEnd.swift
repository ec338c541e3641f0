import CLibvirt
import LabCore
import Synchronization

/// Whom to tell when a connection breaks: libvirt ends its domains' streams without a word then.
///
/// They are told on the thread of libvirt's event loop.
final class ConnectionEnd: Sendable {
    private let waiting = Mutex<[ObjectIdentifier: @Sendable () -> Void]>([:])

    /// Asks to be told of the end of a connection; a driver within this process has none. The corresponding C function
    /// is `virConnectRegisterCloseCallback`.
    init(of connection: virConnectPtr) {
        let opaque = Unmanaged.passRetained(self).toOpaque()
        if virConnectRegisterCloseCallback(connection, connectionHasEnded, opaque, endIsReleased) < 0 {
            Unmanaged<ConnectionEnd>.fromOpaque(opaque).release()
        }
    }

    /// Until `forget`, `body` is called at the end.
    func tell(_ listener: AnyObject, _ body: @escaping @Sendable () -> Void) {
        let key = ObjectIdentifier(listener)
        waiting.withLock { $0[key] = body }
    }

    func forget(_ listener: AnyObject) {
        let key = ObjectIdentifier(listener)
        // Released outside the lock.
        _ = waiting.withLock { $0.removeValue(forKey: key) }
    }

    /// Asks for nothing more: libvirt keeps a connection open while somebody waits for its end.
    static func stopWaiting(of connection: virConnectPtr) {
        virConnectUnregisterCloseCallback(connection, connectionHasEnded)
    }

    fileprivate func tellAll() {
        for body in waiting.withLock({ Array($0.values) }) { body() }
    }
}

// Free functions and not closures: libvirt calls them on its event loop's thread.
private func connectionHasEnded(_: virConnectPtr?, _: Int32, _ opaque: UnsafeMutableRawPointer?) {
    if let opaque { Unmanaged<ConnectionEnd>.fromOpaque(opaque).takeUnretainedValue().tellAll() }
}

private func endIsReleased(_ opaque: UnsafeMutableRawPointer?) {
    if let opaque { Unmanaged<ConnectionEnd>.fromOpaque(opaque).release() }
}
