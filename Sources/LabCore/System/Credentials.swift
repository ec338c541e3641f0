import CLinux
import Glibc

/// Who a process is to the kernel that asks whether it may: credentials(7) and capabilities(7).
public struct Credentials: Equatable, Sendable {
    public var uid: uid_t
    public var gid: gid_t
    public var groups: [gid_t]
    /// Bit N is capability N.
    public var capabilities: UInt64

    public init(uid: uid_t, gid: gid_t, groups: [gid_t], capabilities: UInt64) {
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.capabilities = capabilities
    }

    /// An id for what root starts and nobody is to own: the highest from the range that systemd gives to services without an
    /// account (https://systemd.io/UIDS-GIDS) that is no account's, no group's and no process's.
    public static let unusedID: uid_t = {
        let dynamic: ClosedRange<uid_t> = 61_184...65_519
        let taken = Set(
            Files.list("/proc").compactMap { name -> uid_t? in
                var status = stat()
                return pid_t(name) != nil && stat("/proc/\(name)", &status) == 0 ? status.st_uid : nil
            })
        return dynamic.reversed().first {
            !taken.contains($0) && getpwuid($0) == nil && getgrgid($0) == nil
        } ?? dynamic.upperBound
    }()

    /// Makes system calls on a thread of its own that has these credentials, and hands over what came of them: the
    /// kernel's own judgement of whom it would let do what.
    ///
    /// - Parameter calls: nothing else; the thread is somebody else's as far as the kernel knows.
    /// - Returns: nil where this process may not take them on: it is not root, and they are not its own.
    public func answers(of calls: @escaping @Sendable () -> [Int32]) -> [Int32]? {
        let isDumpable = clinux_is_dumpable()
        let work = Work(credentials: self, calls: calls)
        let opaque = Unmanaged.passRetained(work).toOpaque()
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runWork, opaque) == 0 else {
            Unmanaged<Work>.fromOpaque(opaque).release()
            return nil
        }
        pthread_join(thread, nil)
        if isDumpable == 1 { _ = clinux_set_dumpable(1) }
        return work.answers
    }

    /// Opens a file as who has these would, and returns 0, or the errno.
    public func errno(opening path: String, _ flags: Int32 = O_RDONLY) -> Int32? {
        answers { [Self.errno(opening: path, flags)] }?.first
    }

    /// Passes a directory as who has these would, which needs no right to read it, and returns 0, or the errno.
    public func errno(entering directory: String) -> Int32? { errno(opening: "\(directory)/.", Self.O_PATH) }

    /// The flag that glibc declares only under _GNU_SOURCE.
    private static let O_PATH: Int32 = 0o10_000_000

    /// Opens and closes a file, without waiting for one that has no writer yet: 0, or the errno.
    public static func errno(opening path: String, _ flags: Int32) -> Int32 {
        let file = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0o600)
        guard file >= 0 else { return Glibc.errno }
        close(file)
        return 0
    }

    fileprivate final class Work: @unchecked Sendable {
        let credentials: Credentials
        let calls: @Sendable () -> [Int32]
        var answers: [Int32]?

        init(credentials: Credentials, calls: @escaping @Sendable () -> [Int32]) {
            self.credentials = credentials
            self.calls = calls
        }

        func run() {
            let mine = credentials.uid == geteuid() && geteuid() != 0
            let taken =
                mine
                || clinux_take_credentials(
                    credentials.uid, credentials.gid, credentials.groups, credentials.groups.count,
                    credentials.capabilities) == 0
            if taken { answers = calls() }
        }
    }
}

private func runWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<Credentials.Work>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}
