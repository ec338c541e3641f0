import Glibc
import LabCore

/// Listens to one guest through FIFOs of this host, on a thread of its own.
///
/// This side made them and opens them first. QEMU's death closes its ends, which is how the end of a VM is noticed at
/// once.
final class PipeListener: @unchecked Sendable {
    private let watch: GuestWatch
    private let console: FileDescriptor
    private let records: FileDescriptor
    private let command: CommandPort?
    private let wakeUp: FileDescriptor.Pipe
    private var thread: OSThread?

    /// Opens the read ends of the two FIFOs and starts to listen. `stop` must follow: the thread keeps this object
    /// alive.
    init(
        consolePath: String, recordPath: String, command: CommandPort? = nil, for watch: GuestWatch
    ) throws(LabError) {
        self.watch = watch
        self.command = command
        do {
            console = try FileDescriptor.open(consolePath, O_RDONLY | O_NONBLOCK)
            records = try FileDescriptor.open(recordPath, O_RDONLY | O_NONBLOCK)
            wakeUp = try FileDescriptor.pipe()
        } catch {
            throw LabError(.output, "cannot listen to the guest", cause: error)
        }
        do { thread = try OSThread.start { [self] in run() } } catch {
            throw LabError(.output, "cannot listen to the guest", cause: error)
        }
    }

    /// Ends the thread; what was seen stays.
    func stop() {
        guard let thread = thread.take() else { return }
        try? wakeUp.write.writeAll([0])
        thread.join()
    }

    private func run() {
        // poll(2) passes over negative descriptors: that is how a finished one is left out.
        var watched = [
            records.rawValue, console.rawValue, wakeUp.read.rawValue, command?.rawValue ?? -1,
        ].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while poll(&watched, 4, -1) >= 0 || errno == EINTR {
            // Bytes that had arrived before the wake-up are still taken.
            if watched[3].revents != 0, command?.take(&buffer) != true { watched[3].fd = -1 }
            if watched[0].revents != 0, !takeRecords(&buffer) { watched[0].fd = -1 }
            if watched[1].revents != 0, !takeConsole(&buffer) { watched[1].fd = -1 }
            if watched[2].revents != 0 { return }
        }
    }

    /// False when there is nothing more to come, or to listen to.
    private func takeRecords(_ buffer: inout [UInt8]) -> Bool {
        let length = read(records.rawValue, &buffer, buffer.count)
        let instant = MonotonicInstant.now()
        if length < 0 { return errno == EAGAIN || errno == EINTR }
        guard length > 0 else {
            watch.recordsEnded()
            return false
        }
        return watch.receive(records: buffer[..<length], at: instant)
    }

    private func takeConsole(_ buffer: inout [UInt8]) -> Bool {
        let length = read(console.rawValue, &buffer, buffer.count)
        let instant = MonotonicInstant.now()
        if length < 0 { return errno == EAGAIN || errno == EINTR }
        guard length > 0 else { return false }
        watch.receive(console: buffer[..<length], at: instant)
        return true
    }
}
