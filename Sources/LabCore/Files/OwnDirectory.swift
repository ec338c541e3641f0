import CLinux
import Glibc

/// A directory of this user's, held by a descriptor, that nobody else can write to, put another one in the place of, or
/// lead the way to elsewhere: what lies in it was put there by this user or by root, and may be believed.
///
/// The rule is that of sshd (`StrictModes`) and sudo for their own files: each directory on the way belongs to root or to
/// this user, and others can't write to it, unless it is sticky, where nobody can rename what is somebody else's (/tmp).
/// The links on the way are walked one by one, so that what a link leads through is held to the same.
public struct OwnDirectory: ~Copyable, Sendable {
    /// As it was asked for.
    public let path: String
    /// Opened with O_RDONLY.
    public let file: FileDescriptor

    /// Opens it; nil when there is none, and then nobody else can make it, since the way as far as it exists was
    /// checked.
    /// - Parameter making: the mode to make it with when there is none; its parents get 0755.
    /// - Throws: `.permission` when it, or the way to it, can be changed by others; `.usage` for what is no path;
    ///   `.output` when it can't be made.
    public static func open(_ path: String, making mode: mode_t? = nil) throws(LabError) -> OwnDirectory? {
        var walk = try Walk.start(path)
        guard try walk.go(making: mode) else { return nil }
        return OwnDirectory(path: path, file: try walk.opened())
    }

    /// The same of one that must be there by the end: it is made when it is not.
    public static func make(_ path: String, mode: mode_t) throws(LabError) -> OwnDirectory {
        guard let made = try open(path, making: mode) else {
            throw LabError(.output, "cannot make the directory \(path)")
        }
        return made
    }

    /// The names in it as the kernel has them, `.` and `..` left out.
    public func names() throws(LabError) -> [[CChar]] {
        do throws(Errno) {
            return try Files.names(in: file.rawValue)
        } catch {
            throw LabError(.input, "cannot read the directory \(path)", cause: "\(error)")
        }
    }

    private struct Walk: ~Copyable {
        let path: String
        /// What is still to be walked, the next name last.
        var rest: [String]
        /// The directory that was reached, and its path as it is to be shown.
        var here: FileDescriptor
        var shown: [String] = []
        var links = 0
        let user = geteuid()
        /// Whether the end may be root's.
        let isOfRoot: Bool

        /// As many as the kernel follows: path_resolution(7).
        static let mostLinks = 40

        static func start(_ path: String, isOfRoot: Bool = false) throws(LabError) -> Walk {
            guard path.hasPrefix("/"), !path.utf8.contains(0) else {
                throw LabError(.usage, "\(RunPlaces.shown(path)) is no absolute path")
            }
            return Walk(path, from: try root(path), isOfRoot: isOfRoot)
        }

        private init(_ path: String, from root: consuming FileDescriptor, isOfRoot: Bool) {
            self.path = path
            self.isOfRoot = isOfRoot
            rest = path.split(separator: "/").reversed().map(String.init)
            here = root
        }

        private static func root(_ path: String) throws(LabError) -> FileDescriptor {
            do throws(Errno) {
                return try FileDescriptor.open("/", clinux_path_only)
            } catch {
                throw LabError(.input, "cannot walk to \(path)", cause: "\(error)")
            }
        }

        /// Whether the end was reached.
        mutating func go(making mode: mode_t?) throws(LabError) -> Bool {
            try check(isLast: false)
            while let name = rest.popLast() {
                if name == "." { continue }
                guard try step(name, making: mode) else { return false }
                try check(isLast: false)
            }
            try check(isLast: true)
            return true
        }

        private mutating func step(_ name: String, making mode: mode_t?) throws(LabError) -> Bool {
            do throws(Errno) {
                var status = stat()
                var code = fstatat(here.rawValue, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno
                if code == ENOENT {
                    guard let mode else { return false }
                    // Somebody who may write here may have been faster: then it is looked at as what it is.
                    let isMade = mkdirat(here.rawValue, name, rest.isEmpty ? mode : 0o755) == 0
                    let failure = errno
                    guard isMade || failure == EEXIST else { throw Errno(failure) }
                    code = fstatat(here.rawValue, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno
                }
                if code != 0 { throw Errno(code) }
                if status.st_mode & S_IFMT == S_IFLNK {
                    try follow(name, status)
                } else {
                    let next = try checked {
                        openat(here.rawValue, name, clinux_path_only | O_NOFOLLOW | O_CLOEXEC)
                    }
                    here = FileDescriptor(owning: next)
                    if name == ".." { _ = shown.popLast() } else { shown.append(name) }
                }
            } catch {
                throw LabError(
                    mode == nil ? .input : .output,
                    mode == nil ? "cannot walk to \(path)" : "cannot make the directory \(path)",
                    cause: "\(error)")
            }
            return true
        }

        /// Takes a link's words as what comes next. In a sticky directory others may put links, so its owner counts too.
        private mutating func follow(_ name: String, _ status: stat) throws(Errno) {
            links += 1
            guard links <= Self.mostLinks, status.st_uid == 0 || status.st_uid == user else {
                throw Errno(ELOOP)
            }
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let length = try checked { readlinkat(here.rawValue, name, &buffer, buffer.count) }
            let target = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if target.hasPrefix("/") {
                here = try FileDescriptor.open("/", clinux_path_only)
                shown = []
            }
            rest += target.split(separator: "/").reversed().map(String.init)
        }

        private func check(isLast: Bool) throws(LabError) {
            var status = stat()
            let name = "/" + shown.joined(separator: "/")
            guard fstat(here.rawValue, &status) == 0 else {
                throw LabError(.input, "cannot look at \(name)", cause: "\(Errno(errno))")
            }
            try OwnDirectory.check(
                status, name, for: path, user: isLast && isOfRoot && status.st_uid == 0 ? 0 : user,
                isLast: isLast)
        }

        /// The end of the walk, to be read.
        func opened() throws(LabError) -> FileDescriptor {
            do throws(Errno) {
                return FileDescriptor(
                    owning: try checked { openat(here.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
            } catch {
                throw LabError(.input, "cannot read the directory \(path)", cause: "\(error)")
            }
        }
    }

    /// Whether a directory may be on the way to one of this user's, or be it.
    /// - Throws: `.permission`, saying who could change what.
    static func check(
        _ status: stat, _ name: String, for path: String, user: uid_t, isLast: Bool
    ) throws(LabError) {
        guard status.st_uid == user || status.st_uid == 0 && !isLast else {
            throw LabError(
                .permission, "\(path) is not used",
                cause: "\(name) belongs to another user (uid \(status.st_uid))",
                remedy: user == 0
                    ? "run lab as that user; or, as root, name a directory of root's with LAB_HOME (sudo -H sets HOME)"
                    : "name a directory of yours with LAB_HOME")
        }
        // A user's private group has the user's number and nobody else in it; root's has whom somebody put there.
        let isPrivate = user != 0 && status.st_uid == user && status.st_gid == user
        let forbidden: mode_t = isPrivate ? 0o002 : 0o022
        guard status.st_mode & forbidden == 0 || status.st_mode & S_ISVTX != 0 && !isLast else {
            throw LabError(
                .permission, "\(path) is not used",
                cause: "others can write to \(name) (mode \(String(status.st_mode & 0o7777, radix: 8)))",
                remedy: "chmod go-w \(ShellText.quote(name))")
        }
    }

    /// That nobody but this user and root can put anything into a directory, whichever of the two it belongs to.
    /// - Throws: `.permission` otherwise, and `.input` when there is none.
    public static func requireTrusted(_ path: String) throws(LabError) {
        var walk = try Walk.start(path, isOfRoot: true)
        guard try walk.go(making: nil) else {
            throw LabError(.input, "cannot look at \(path)", cause: "\(Errno(ENOENT))")
        }
    }
}
