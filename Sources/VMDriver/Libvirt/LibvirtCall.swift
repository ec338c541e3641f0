import CLibvirt
import Glibc
import LabCore

/// Makes a call of libvirt so that it ends: when libvirt is done, at a deadline, or on a signal.
///
/// One that isn't done in time goes on behind our back. What it waits for on this host is killed, upon which libvirt
/// gives up by itself: a QEMU that it asks what it can do, the ssh(1) of a connection.
enum LibvirtCall {
    /// The kind of a call, which says how long it may take.
    enum Kind {
        /// A connection is made.
        case connection
        /// Something is told that the driver knows.
        case question
        /// QEMU is started to be asked, once for each kind of machine that is installed.
        case probe
        /// A domain or a pool is made, changed or removed.
        case change
        /// A file is sent.
        case transfer

        var limit: Duration {
            let seconds: Double =
                switch self {
                case .question: 20
                case .connection, .change: 30
                case .probe: 60
                case .transfer: 600
                }
            return .seconds(seconds * Double(Emulator.patience))
        }

        /// The time for which it may go on after a signal: what is nearly there is better tidied up than broken off.
        var grace: Duration { self == .change ? .seconds(1) : .zero }
    }

    /// The time that a call may take to return when what it waited for has been killed.
    private static let removal = Duration.seconds(5)
    /// The interval at which to look for what it has started since.
    private static let interval = Duration.milliseconds(20)

    /// - Parameters:
    ///   - deadline: nil for the kind's own limit from now.
    ///   - root: the embedded root of the driver that is called; nil where there is a daemon.
    ///   - giveUp: is called when it isn't done in time, and may make it return.
    ///   - dispose: of a value that comes too late.
    ///   - body: the call, with all that it needs held by itself: it may outlive the caller.
    static func make<Value>(
        _ kind: Kind, until deadline: MonotonicInstant? = nil, root: String? = nil,
        giveUp: () -> Void = {}, dispose: @escaping @Sendable (Value) -> Void = { _ in },
        _ body: @escaping @Sendable () throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> Value {
        let call: BoundedCall<CallResult<Value>>
        do throws(LabError) {
            call = try BoundedCall {
                do throws(LibvirtError) {
                    return CallResult(.success(try body()), dispose: dispose)
                } catch {
                    return CallResult(.failure(error), dispose: dispose)
                }
            }
        } catch {
            throw LibvirtError(code: 0, message: error.reason)
        }
        let began = MonotonicInstant.now()
        let limit = deadline ?? began.advanced(by: kind.limit)
        if let value = call.wait(until: limit) { return try value.take() }
        let isInterrupted = Interrupt.ofProcess.isRaised
        if isInterrupted, kind.grace > .zero {
            let last = min(limit, MonotonicInstant.now().advanced(by: kind.grace))
            if let value = call.wait(until: last) { return try value.take() }
        }
        giveUp()
        end(call, root: root)
        if isInterrupted { throw .interrupted }
        throw .late(after: began)
    }

    /// Kills what the call waits for, and what it then starts next, until it returns.
    private static func end<Value>(_ call: BoundedCall<Value>, root: String?) {
        let deadline = MonotonicInstant.now().advanced(by: removal)
        repeat {
            let waitedFor = call.children + (root.map { QEMUProcess.asked(below: $0) } ?? [])
            // A daemon's call waits for nothing here.
            if waitedFor.isEmpty && root == nil { return }
            for process in waitedFor { process.endFamily() }
            if call.wait(until: .now().advanced(by: interval), interrupt: .never) != nil { return }
        } while MonotonicInstant.now() < deadline
    }
}

extension HostProcess {
    /// Kills it and all that descends from it. Each is stopped before its children are looked for: none can be born
    /// behind our back.
    func endFamily() {
        kill(pid, SIGSTOP)
        for child in children { child.endFamily() }
        kill(pid, SIGKILL)
    }
}
