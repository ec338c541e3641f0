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

    /// Whom a directory and the way to it may belong to; root may own the way in any case.
    public struct Owners: Sendable {
        let users: Set<uid_t>
        /// The remedy for whoever comes upon another's.
        let remedy: Message

        /// This user: what lies in the directory is believed.
        public static var user: Owners {
            Owners(
                users: [geteuid()],
                remedy: geteuid() == 0
                    ? "run lab as that user; or, as root, name a directory of root's with LAB_HOME (sudo -H sets HOME)"
                    : "name a directory of yours with LAB_HOME")
        }
        /// This user or root.
        public static var userOrRoot: Owners { Owners(users: [geteuid(), 0], remedy: user.remedy) }
        /// This user, root, or under sudo(8) the user who called it, who may do what root may: what is written to the
        /// directory is for them.
        public static var caller: Owners {
            let sudo = geteuid() == 0 ? getenv("SUDO_UID").flatMap { uid_t(String(cString: $0)) } : nil
            return Owners(
                users: Set([geteuid(), 0] + (sudo.map { [$0] } ?? [])),
                remedy: geteuid() == 0
                    ? "run lab as that user, or name a directory of root's with --output"
                    : "name a directory of yours with --output")
        }
    }

    /// Opens it; nil when there is none, and then nobody else can make it, since the way as far as it exists was
    /// checked.
    /// - Parameters:
    ///   - mode: to make it with when there is none; its parents get 0755.
    ///   - owners: whom it may belong to.
    /// - Throws: `.permission` when it, or the way to it, can be changed by others; `.usage` for what is no path;
    ///   `.output` when it can't be made.
    public static func open(_ path: String, making mode: mode_t? = nil, owners: Owners = .user)
        throws(LabError)
        -> OwnDirectory?
    {
        var walk = try Walk.start(path, owners)
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
        /// The names that are still to be walked, the next one last.
        var rest: [String]
        /// The directory that was reached, and its path as it is to be shown.
        var here: FileDescriptor
        var shown: [String] = []
        var links = 0
        let owners: Owners

        /// As many as the kernel follows: path_resolution(7).
        static let mostLinks = 40

        static func start(_ path: String, _ owners: Owners) throws(LabError) -> Walk {
            guard path.hasPrefix("/"), !path.utf8.contains(0) else {
                throw LabError(.usage, "\(RunPlaces.shown(path)) is no absolute path")
            }
            return Walk(path, from: try root(path), owners)
        }

        private init(_ path: String, from root: consuming FileDescriptor, _ owners: Owners) {
            self.path = path
            self.owners = owners
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

        /// Walks on, and returns true when the end was reached.
        /// - Parameter toHold: whether the end is only to hold something of ours, which its stickiness keeps.
        mutating func go(making mode: mode_t?, toHold: Bool = false) throws(LabError) -> Bool {
            try check(isLast: false)
            while let name = rest.popLast() {
                if name == "." { continue }
                guard try step(name, making: mode) else { return false }
                try check(isLast: false)
            }
            if !toHold { try check(isLast: true) }
            return true
        }

        private mutating func step(_ name: String, making mode: mode_t?) throws(LabError) -> Bool {
            do {
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
                    // In a sticky directory others may put links.
                    guard status.st_uid == 0 || owners.users.contains(status.st_uid) else {
                        throw owners.refusal(
                            of: path, because: "/" + (shown + [name]).joined(separator: "/"),
                            belongsTo: status.st_uid)
                    }
                    try follow(name)
                } else {
                    let next = try checked {
                        openat(here.rawValue, name, clinux_path_only | O_NOFOLLOW | O_CLOEXEC)
                    }
                    here = FileDescriptor(owning: next)
                    if name == ".." { _ = shown.popLast() } else { shown.append(name) }
                }
            } catch let error as LabError {
                throw error
            } catch {
                throw LabError(
                    mode == nil ? .input : .output,
                    mode == nil ? "cannot walk to \(path)" : "cannot make the directory \(path)",
                    cause: "\(error)")
            }
            return true
        }

        /// Takes a link's words as what comes next.
        private mutating func follow(_ name: String) throws(Errno) {
            links += 1
            guard links <= Self.mostLinks else { throw Errno(ELOOP) }
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
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw LabError(.input, "cannot look at \(name)", cause: "\(Errno(ENOTDIR))")
            }
            try OwnDirectory.check(status, name, for: path, owners, isLast: isLast)
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

    /// Checks that a directory may be on the way to one of this user's, or be it.
    /// - Throws: `.permission`, saying who could change what.
    static func check(
        _ status: stat, _ name: String, for path: String, _ owners: Owners, isLast: Bool
    ) throws(LabError) {
        guard owners.users.contains(status.st_uid) || status.st_uid == 0 && !isLast else {
            throw owners.refusal(of: path, because: name, belongsTo: status.st_uid)
        }
        // A user's private group has the user's number and nobody else in it; root's has whom somebody put there.
        let isPrivate = status.st_uid != 0 && status.st_gid == status.st_uid
        let forbidden: mode_t = isPrivate ? 0o002 : 0o022
        guard status.st_mode & forbidden == 0 || status.st_mode & S_ISVTX != 0 && !isLast else {
            throw LabError(
                .permission, "\(path) is not used",
                cause: "others can write to \(name) (mode \(String(status.st_mode & 0o7777, radix: 8)))",
                remedy: status.st_mode & S_ISVTX != 0
                    ? "name a directory of its own below it" : "chmod go-w \(ShellText.quote(name))")
        }
    }

    /// That nobody but its owners and who made it can change a file of a directory, or put one in the place of it: as on the
    /// way to an own directory, one that is sticky will do.
    /// - Returns: false when there is none.
    /// - Throws: `.permission` otherwise.
    public static func mayHold(_ path: String, owners: Owners) throws(LabError) -> Bool {
        var walk = try Walk.start(path, owners)
        return try walk.go(making: nil, toHold: true)
    }
}

extension OwnDirectory.Owners {
    fileprivate func refusal(of path: String, because name: String, belongsTo user: uid_t) -> LabError {
        LabError(
            .permission, "\(path) is not used", cause: "\(name) belongs to another user (uid \(user))",
            remedy: remedy)
    }
}
