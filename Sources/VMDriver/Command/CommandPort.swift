import Glibc
import LabCore

/// The host's end of a command in a VM: a port of virtio-serial, which QEMU carries through two FIFOs.
///
/// QEMU takes from the guest as much as this side reads, so that a command that writes faster waits, as before a pipe.
/// `take` is called by the thread that listens; what is said of the command goes to the watch.
final class CommandPort: @unchecked Sendable {
    let output: CommandOutput
    private let pipe: FileDescriptor
    /// The FIFO that QEMU reads.
    private let input: String
    private let watch: GuestWatch
    private var frames = CommandFrames()
    /// The last frame has come: what a guest says behind it is nothing of the command.
    private var isOver = false

    /// Opens the FIFO that QEMU writes to, `PATH.out`.
    init(_ output: CommandOutput, at path: String, for watch: GuestWatch) throws(LabError) {
        self.output = output
        self.watch = watch
        input = "\(path).in"
        do { pipe = try FileDescriptor.open("\(path).out", O_RDONLY | O_NONBLOCK) } catch {
            throw LabError(.output, "cannot listen to the guest", cause: error)
        }
    }

    var rawValue: Int32 { pipe.rawValue }

    /// Takes what has come; false when there is nothing more to come, or to listen to.
    func take(_ buffer: inout [UInt8]) -> Bool {
        let length = read(pipe.rawValue, &buffer, buffer.count)
        let instant = MonotonicInstant.now()
        if length < 0 { return errno == EAGAIN || errno == EINTR }
        guard length > 0 else { return false }
        buffer.withUnsafeBytes { bytes in
            frames.receive(UnsafeRawBufferPointer(rebasing: bytes[..<length])) { note($0, at: instant) }
        }
        if let violation = frames.violation {
            watch.commandFailed(
                LabError(.instance, "the guest of a command broke the protocol", cause: violation))
            return false
        }
        if let failure = output.failure {
            watch.commandFailed(failure)
            return false
        }
        return !isOver
    }

    private func note(_ event: CommandFrames.Event, at instant: MonotonicInstant) {
        guard !isOver else { return }
        switch event {
        case .output(let stream, let bytes):
            let news = output.receive(bytes, of: stream)
            if news.contains(.firstOutput) { watch.stamp(.firstOutput, at: instant) }
            if news.contains(.ready) { watch.stamp(.ready, at: instant) }
        case .ready:
            if output.isSeenInside { watch.stamp(.ready, at: instant) }
        case .ended(let status):
            isOver = true
            if output.readiness == .exit { watch.stamp(.ready, at: instant) }
            watch.commandEnded(status, at: instant)
        case .failed(let step, let code):
            isOver = true
            watch.commandFailed(Self.notStarted(step, code))
        }
    }

    private static func notStarted(_ step: CommandFrames.Step, _ code: Errno) -> LabError {
        let call: Message =
            switch step {
            case .directory: "chdir(2)"
            case .user: "setresuid(2)"
            case .execute: "execve(2)"
            }
        // Of what can be known beforehand all was looked up.
        let isForeign = step == .execute && code == Errno(ENOEXEC)
        return LabError(
            .instance, "the command could not be started in the VM", cause: "\(call): \(code)",
            remedy: isForeign
                ? "use an image for amd64: what this host has to execute others (binfmt_misc), the guest's kernel has not"
                : "see that it starts in a container: --engine container",
            detail: step == .execute ? .notExecuted(errno: code.rawValue) : nil)
    }

    /// Sends the command a signal.
    func send(signal: Int32) {
        // For both ways: so there is a reader, also when QEMU has just died, and no signal for want of one.
        guard let signal = UInt8(exactly: signal),
            let pipe = try? FileDescriptor.open(input, O_RDWR | O_NONBLOCK)
        else { return }
        try? pipe.writeAll([signal])
    }
}
