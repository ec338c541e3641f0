import Glibc

/// The error number of a failed system call. See errno(3).
public struct Errno: Error, Equatable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: Int32

    public init(_ rawValue: Int32) { self.rawValue = rawValue }

    /// The text of strerror(3), for example "No such file or directory".
    public var description: String {
        guard let text = strerror(rawValue) else { return "errno \(rawValue)" }
        return String(cString: text)
    }

    /// The same for a reader of any language.
    public var message: Message { Message(stringLiteral: description) }

    /// The symbolic name where this project speaks of it (`ENOENT`), else `errno N`.
    public var name: String { Errno.names[rawValue] ?? "errno \(rawValue)" }

    private static let names: [Int32: String] = [
        EPERM: "EPERM", ENOENT: "ENOENT", ESRCH: "ESRCH", EINTR: "EINTR", EIO: "EIO", ENXIO: "ENXIO",
        E2BIG: "E2BIG", ENOEXEC: "ENOEXEC", EBADF: "EBADF", ECHILD: "ECHILD", EAGAIN: "EAGAIN",
        ENOMEM: "ENOMEM", EACCES: "EACCES", EFAULT: "EFAULT", EBUSY: "EBUSY", EEXIST: "EEXIST",
        EXDEV: "EXDEV", ENODEV: "ENODEV", ENOTDIR: "ENOTDIR", EISDIR: "EISDIR", EINVAL: "EINVAL",
        ENFILE: "ENFILE", EMFILE: "EMFILE", ETXTBSY: "ETXTBSY", EFBIG: "EFBIG", ENOSPC: "ENOSPC",
        EROFS: "EROFS", EPIPE: "EPIPE", ENOSYS: "ENOSYS", ENOTEMPTY: "ENOTEMPTY", ELOOP: "ELOOP",
        EOPNOTSUPP: "EOPNOTSUPP", ENAMETOOLONG: "ENAMETOOLONG", EDQUOT: "EDQUOT", ETIMEDOUT: "ETIMEDOUT",
        EUSERS: "EUSERS", ENODATA: "ENODATA", ECONNREFUSED: "ECONNREFUSED", ENETUNREACH: "ENETUNREACH",
        EAFNOSUPPORT: "EAFNOSUPPORT", EPROTONOSUPPORT: "EPROTONOSUPPORT", ESTALE: "ESTALE", ENOKEY: "ENOKEY",
        EADDRNOTAVAIL: "EADDRNOTAVAIL",
    ]
}

/// Runs a system call that returns -1 on failure, again while a signal interrupts it.
///
/// `errno` is read by the first statement after the call. EBADF and EFAULT are bugs of ours and trap.
@discardableResult @inlinable @inline(__always)
public func checked<Value: FixedWidthInteger>(
    retryOnInterrupt: Bool = true,
    _ call: () -> Value
) throws(Errno) -> Value {
    while true {
        let value = call()
        if value != -1 { return value }
        let code = errno
        if code == EINTR && retryOnInterrupt { continue }
        precondition(code != EBADF && code != EFAULT, "a bad descriptor or address in a system call of ours")
        throw Errno(code)
    }
}
