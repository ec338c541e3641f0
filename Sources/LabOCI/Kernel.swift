import CLinux
import Glibc
import LabCore

/// System calls of a process that has one thread, as a runtime and what it forks have.
enum Kernel {
    /// -1 is an error, whatever it is: a descriptor may be one that the caller named.
    @discardableResult
    static func check<Value: FixedWidthInteger>(_ call: () -> Value) throws(Errno) -> Value {
        while true {
            let value = call()
            if value != -1 { return value }
            let code = errno
            if code != EINTR { throw Errno(code) }
        }
    }

    @discardableResult
    static func call(
        _ number: Int32, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0, _ e: Int = 0
    ) throws(Errno) -> Int {
        try check { clinux_syscall(Int(number), a, b, c, d, e) }
    }

    static func openInRoot(
        _ root: Int32, _ path: String, _ flags: Int32, mode: UInt32 = 0, isBeneath: Bool = false
    ) throws(Errno) -> FileDescriptor {
        // The kernel asks to try again where something was renamed meanwhile.
        for _ in 0..<100 {
            let result = clinux_open_in_root(root, path, flags, mode, isBeneath ? 1 : 0)
            if result >= 0 { return FileDescriptor(owning: result) }
            let code = errno
            if code != EAGAIN && code != EINTR { throw Errno(code) }
        }
        throw Errno(EAGAIN)
    }

    static func status(_ descriptor: Int32) throws(Errno) -> stat {
        var status = stat()
        try check { fstat(descriptor, &status) }
        return status
    }

    static func isDirectory(_ descriptor: Int32) throws(Errno) -> Bool {
        try status(descriptor).st_mode & S_IFMT == S_IFDIR
    }

    /// All of a small file that may have no size, as those of /proc.
    static func text(_ descriptor: borrowing FileDescriptor) throws(Errno) -> String {
        var bytes: [UInt8] = []
        while bytes.count < 4 << 20 {
            let chunk = try descriptor.read(upTo: 1 << 14)
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The name under which the kernel shows a descriptor of this process, for calls that take only paths.
    static func path(_ descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

    static let procMagic = 0x9fa0
    static let sysfsMagic = 0x6265_6572
    static let devptsMagic = 0x1cd1
}

/// Mounts that are not yet anywhere: made, given their attributes, then attached, so that nobody sees them without. See
/// open_tree(2), fsopen(2), move_mount(2).
enum Mounting {
    static let readOnly: UInt64 = 1
    static let noSetUID: UInt64 = 2
    static let noDevices: UInt64 = 4
    static let noExecute: UInt64 = 8

    /// A copy of the mount at a path, or of what a descriptor is.
    static func clone(
        of path: String, at directory: Int32 = AT_FDCWD, isRecursive: Bool
    ) throws(Errno) -> FileDescriptor {
        let emptyPath = 0x1000
        let flags = 1 | Int(O_CLOEXEC) | (isRecursive ? 0x8000 : 0) | (path.isEmpty ? emptyPath : 0)
        return FileDescriptor(
            owning: try Kernel.check {
                path.withCString {
                    Int32(
                        truncatingIfNeeded: clinux_syscall(
                            Int(SYS_open_tree), Int(directory), Int(bitPattern: $0), flags, 0, 0))
                }
            })
    }

    /// A new mount of a file system.
    /// - Parameter words: `key=value` and words alone, those of the file system itself.
    static func make(
        _ type: String, source: String?, _ words: [String], attributes: UInt64
    ) throws -> FileDescriptor {
        let opened = type.withCString {
            clinux_syscall(Int(SYS_fsopen), Int(bitPattern: $0), 1 /* FSOPEN_CLOEXEC */, 0, 0, 0)
        }
        guard opened >= 0 else { throw Errno(errno) }
        let context = FileDescriptor(owning: Int32(opened))
        func configure(_ command: Int, _ key: String?, _ value: String?) throws {
            let result = withOptional(key) { key in
                withOptional(value) { value in
                    clinux_syscall(
                        Int(SYS_fsconfig), Int(context.rawValue), command, Int(bitPattern: key),
                        Int(bitPattern: value), 0)
                }
            }
            guard result != 0 else { return }
            let code = Errno(errno)
            // Most file systems say why.
            let reason = (try? context.read(upTo: 512)).map {
                String(decoding: $0.dropFirst(2), as: UTF8.self)
            }
            let said = reason.map { $0.trimmingWhitespace() } ?? ""
            guard !said.isEmpty else { throw code }
            throw Failure("\(code.words) (\(ForeignText.line(said, most: 300)))")
        }
        if let source, !source.isEmpty { try configure(1, "source", source) }
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 {
                try configure(1, String(parts[0]), String(parts[1]))  // FSCONFIG_SET_STRING
            } else {
                try configure(0, word, nil)  // FSCONFIG_SET_FLAG
            }
        }
        try configure(6, nil, nil)  // FSCONFIG_CMD_CREATE
        return FileDescriptor(
            owning: Int32(
                try Kernel.call(SYS_fsmount, Int(context.rawValue), 1 /* FSMOUNT_CLOEXEC */, Int(attributes)))
        )
    }

    private static func withOptional<Result>(
        _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
    ) -> Result {
        guard let text else { return body(nil) }
        return text.withCString { body($0) }
    }

    static func change(
        _ mount: borrowing FileDescriptor, isRecursive: Bool = false, set: UInt64 = 0, clear: UInt64 = 0,
        propagation: UInt64 = 0
    ) throws(Errno) {
        let number = mount.rawValue
        try Kernel.check { clinux_change_mount(number, isRecursive ? 1 : 0, set, clear, propagation) }
    }

    /// Attaches a mount to what a descriptor is: no path is looked up any more.
    static func attach(_ mount: borrowing FileDescriptor, to target: Int32) throws(Errno) {
        let empty: StaticString = ""
        let path = Int(bitPattern: empty.utf8Start)
        try Kernel.call(
            SYS_move_mount, Int(mount.rawValue), path, Int(target), path,
            0x44 /* MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH */)
    }
}
