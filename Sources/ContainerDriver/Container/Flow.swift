import CLinux
import Glibc
import LabCore

/// Bytes on their way from one descriptor to another. It waits for neither, so that who is slow holds up only this flow.
///
/// The caller's descriptors stay as they are: their flags are those of everybody else who has them. Between pipes splice(2)
/// does not wait whatever the flags say, on sockets each call says so, and files never make one wait.
final class Flow {
    /// One end of it.
    struct End {
        enum Kind { case pipe, socket, file, directory, null, other }
        let number: Int32
        let kind: Kind
        /// True when it is closed with the flow.
        var isOurs = false

        /// The read or write end of a pipe that we made.
        static func ours(_ descriptor: consuming FileDescriptor) -> End {
            let number = descriptor.release()
            // It has no other flag.
            _ = fcntl(number, F_SETFL, O_NONBLOCK)
            return End(number: number, kind: .pipe, isOurs: true)
        }

        /// A descriptor that somebody else has too.
        static func callers(_ number: Int32) -> End {
            var status = stat()
            guard fstat(number, &status) == 0 else { return End(number: number, kind: .other) }
            return switch status.st_mode & S_IFMT {
            case S_IFIFO: End(number: number, kind: .pipe)
            case S_IFSOCK: End(number: number, kind: .socket)
            case S_IFREG: End(number: number, kind: .file)
            case S_IFDIR: End(number: number, kind: .directory)
            case S_IFCHR where status.st_rdev == gnu_dev_makedev(1, 3): End(number: number, kind: .null)
            default: End(number: number, kind: .other)
            }
        }
    }

    /// The reason why it ended before its source did.
    enum Failure: Equatable { case reading(Errno), writing(Errno) }

    private let source: End
    private let sink: End
    private(set) var hasEnded = false
    private(set) var failure: Failure?
    private var waitsForSink = false
    /// The bytes that were read and not written yet; memory only where splice(2) can't be used.
    private var buffer: UnsafeMutableRawBufferPointer?
    private var pending = 0..<0
    /// The other end of the sink, a pipe of ours, by which it is known how much of a file nobody read; -1 for none.
    private let gauge: Int32
    /// The number of bytes that were read from a file.
    private var taken = 0

    /// Told what was read, where it is not spliced.
    var watch: ((UnsafeRawBufferPointer) -> Void)?

    private static let chunk = 64 << 10

    init(from source: End, to sink: End, gauge: Int32 = -1) {
        self.source = source
        self.sink = sink
        self.gauge = gauge
    }

    deinit {
        end()
        if gauge >= 0 { close(gauge) }
        buffer?.deallocate()
    }

    /// The descriptor and events that poll(2) is to wait for; passed over once it has ended.
    var entry: pollfd {
        if hasEnded { return pollfd(fd: -1, events: 0, revents: 0) }
        return waitsForSink
            ? pollfd(fd: sink.number, events: Int16(POLLOUT), revents: 0)
            : pollfd(fd: source.number, events: Int16(POLLIN), revents: 0)
    }

    /// Takes one step after `entry` was ready.
    func move() { if !hasEnded { _ = step() } }

    /// Moves what is there already; called when nobody writes to the source any more. Afterwards it has ended, or waits for
    /// its sink.
    func drain() {
        while !hasEnded {
            if step() { continue }
            if hasEnded { return }
            if pending.isEmpty && isEmpty { return end() }
            waitsForSink = true
            return
        }
    }

    /// Ends it, and closes what is ours.
    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        if source.isOurs { close(source.number) }
        if sink.isOurs { close(sink.number) }
    }

    /// Puts a file's offset where the container has read to: whoever reads on, a loop of a shell for instance, misses
    /// nothing.
    func giveBack() {
        var unread: Int32 = 0
        guard gauge >= 0, ioctl(gauge, UInt(FIONREAD), &unread) == 0 else { return }
        // In there it may have been written to as well: what is given back is what came from the file.
        lseek(source.number, -off_t(min(Int(unread) + pending.count, taken)), SEEK_CUR)
    }

    /// Moves bytes once; returns true when something moved.
    private func step() -> Bool {
        if source.kind == .pipe && sink.kind == .pipe { splice() } else { copy() }
    }

    private func splice() -> Bool {
        let count = clinux_splice(source.number, sink.number, Self.chunk)
        if count > 0 {
            waitsForSink = false
            return true
        }
        if count == 0 {
            end()
        } else if errno == EAGAIN {
            // One was not ready after all. Which, is not said: each is waited for in turn.
            waitsForSink.toggle()
        } else {
            // It is either's; only the reader's absence is told apart.
            fail(.writing(Errno(errno)))
        }
        return false
    }

    private func copy() -> Bool {
        if pending.isEmpty {
            let buffer = self.buffer ?? .allocate(byteCount: Self.chunk, alignment: 4_096)
            self.buffer = buffer
            let count =
                source.kind == .socket
                ? recv(source.number, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
                : read(source.number, buffer.baseAddress, buffer.count)
            if count <= 0 {
                if count == 0 { end() } else { fail(.reading(Errno(errno))) }
                return false
            }
            pending = 0..<count
            taken += count
            watch?(UnsafeRawBufferPointer(rebasing: buffer[pending]))
        }
        guard let buffer else { return false }
        let rest = UnsafeRawBufferPointer(rebasing: buffer[pending])
        let count =
            sink.kind == .socket
            ? send(
                sink.number, rest.baseAddress, rest.count,
                Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            : write(sink.number, rest.baseAddress, rest.count)
        guard count >= 0 else {
            fail(.writing(Errno(errno)))
            return false
        }
        pending = pending.lowerBound + count..<pending.upperBound
        waitsForSink = !pending.isEmpty
        return true
    }

    private func fail(_ failure: Failure) {
        switch failure {
        case .reading(let error) where error == Errno(EAGAIN): waitsForSink = false
        case .writing(let error) where error == Errno(EAGAIN): waitsForSink = true
        case .reading(let error), .writing(let error):
            if error == Errno(EINTR) { return }
            // A terminal that hung up, a reader that went away: each is an end.
            let isEnd: Set<Int32> =
                if case .reading = failure { [EIO, ECONNRESET] } else { [EPIPE, ECONNRESET] }
            if !isEnd.contains(error.rawValue) { self.failure = failure }
            end()
        }
    }

    /// True when nothing is in the source now.
    private var isEmpty: Bool {
        var entry = pollfd(fd: source.number, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 0 || entry.revents & Int16(POLLIN) == 0
    }
}
