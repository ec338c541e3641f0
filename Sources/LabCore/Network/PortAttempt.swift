import Glibc
import Synchronization

/// Finds out over the network whether somebody accepts connections to a TCP port: connects, and closes the connection at once.
///
/// Used by one thread at a time.
public final class PortAttempt: @unchecked Sendable {
    private let number: in_addr_t
    private let port: UInt16
    private var pending: FileDescriptor?
    private var began = MonotonicInstant.zero

    /// The time after which a packet that nobody answered is taken for lost: the kernel would send it again after a second.
    private static let patience = Duration.milliseconds(20)

    /// - Parameter address: with dots.
    init(_ address: String, port: UInt16) {
        number = inet_addr(address)
        self.port = port
    }

    /// Looks once, without waiting; true when it is connected.
    public func step() -> Bool {
        guard descriptor >= 0 else { return begin() }
        switch pendingAnswer {
        case nil:
            if MonotonicInstant.now() >= began.advanced(by: Self.patience) { pending = nil }
            return false
        case let isConnected?:
            pending = nil
            return isConnected
        }
    }

    private func begin() -> Bool {
        let kind = Int32(SOCK_STREAM.rawValue) | O_NONBLOCK | O_CLOEXEC
        let descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else { return false }
        let file = FileDescriptor(owning: descriptor)
        var place = sockaddr_in(number, port: port)
        let result = place.withGeneric { connect(descriptor, $0, $1) }
        if result == 0 { return true }
        guard errno == EINPROGRESS else { return false }
        began = .now()
        pending = .some(consume file)
        return false
    }

    /// That of a connection that was begun, -1 for none.
    private var descriptor: Int32 {
        switch pending {
        case .some(let open): open.rawValue
        case .none: -1
        }
    }

    /// Nil while nobody has answered.
    private var pendingAnswer: Bool? {
        let number = descriptor
        var watched = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        guard poll(&watched, 1, 0) > 0 else { return nil }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length) == 0 && code == 0
    }
}

/// The same on a thread of its own, again every millisecond.
///
/// Stopped by one thread at a time.
public final class PortWatch: @unchecked Sendable {
    private let isOver = Mutex(false)
    private var thread: OSThread?

    /// - Parameter found: told of the moment, once.
    public init(
        _ attempt: PortAttempt, found: @escaping @Sendable (MonotonicInstant) -> Void
    ) throws(LabError) {
        do throws(Errno) {
            thread = try OSThread.start { [self] in
                while !isOver.withLock({ $0 }) {
                    if attempt.step() { return found(.now()) }
                    usleep(1_000)
                }
            }
        } catch {
            throw LabError(.software, "cannot start a thread", cause: error)
        }
    }

    /// Ends it; nothing is found any more when this returns.
    public func stop() {
        isOver.withLock { $0 = true }
        thread.take()?.join()
    }
}
