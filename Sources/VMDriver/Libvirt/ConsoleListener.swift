import CLibvirt
import LabCore
import Synchronization

/// Listens to one guest through its console, which libvirt opens and carries here, wherever the guest runs.
///
/// The bytes are taken and stamped on the thread of libvirt's event loop, as soon as it has read them from the
/// connection. When the VM ends, so does the stream.
final class ConsoleListener: @unchecked Sendable {
    private let stream: DataStream
    private let end: ConnectionEnd
    private let watch: GuestWatch
    private let state: Mutex<State>

    private struct State {
        var splitter = ConsoleSplitter()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        /// Nothing more is taken.
        var isClosed = false
    }

    /// Opens the first console of a domain that does not run yet, so that nothing of it is missed.
    ///
    /// `close` must follow: libvirt keeps this object alive.
    init(
        _ domain: borrowing Domain, name: String, of end: ConnectionEnd, for watch: GuestWatch
    ) throws(LabError) {
        stream = try domain.openConsole(name: name)
        self.end = end
        self.watch = watch
        state = Mutex(State())
        let events =
            VIR_STREAM_EVENT_READABLE.rawValue | VIR_STREAM_EVENT_HANGUP.rawValue
            | VIR_STREAM_EVENT_ERROR.rawValue
        let opaque = Unmanaged.passRetained(self).toOpaque()
        let status = virStreamEventAddCallback(
            stream.pointer, Int32(events), consoleHasBytes, opaque, consoleIsReleased)
        guard status == 0 else {
            let error = LibvirtError.last()
            Unmanaged<ConsoleListener>.fromOpaque(opaque).release()
            stream.abort()
            throw error.labError(.instance, "cannot listen to the console of the domain \(name)")
        }
        end.tell(self) { watch.recordsEnded() }
    }

    /// Stops listening; what was seen stays.
    func close() {
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        guard !wasClosed else { return }
        end.forget(self)
        virStreamEventRemoveCallback(stream.pointer)
        stream.abort()
    }

    fileprivate func take() {
        let isOver = state.withLock { state in
            guard !state.isClosed else { return false }
            while true {
                let count = state.buffer.count
                let length = state.buffer.withUnsafeMutableBytes { bytes in
                    virStreamRecv(
                        stream.pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), count)
                }
                let instant = MonotonicInstant.now()
                // There is no more for now, as virStreamRecv documents it.
                if length == -2 { return false }
                guard length > 0 else { return true }
                state.splitter.split(state.buffer[..<Int(length)]) { bytes in
                    watch.receive(console: bytes, at: instant)
                } records: { bytes in
                    watch.receive(records: bytes, at: instant)
                }
            }
        }
        guard isOver else { return }
        watch.recordsEnded()
        // It would be called again and again.
        virStreamEventUpdateCallback(stream.pointer, 0)
    }
}

// Free functions and not closures: libvirt calls them on its event loop's thread.
private func consoleHasBytes(_: virStreamPtr?, _: Int32, _ opaque: UnsafeMutableRawPointer?) {
    if let opaque { Unmanaged<ConsoleListener>.fromOpaque(opaque).takeUnretainedValue().take() }
}

private func consoleIsReleased(_ opaque: UnsafeMutableRawPointer?) {
    if let opaque { Unmanaged<ConsoleListener>.fromOpaque(opaque).release() }
}
