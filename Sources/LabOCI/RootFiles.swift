import CLinux
import Glibc
import LabCore

/// A container's root as the runtime looks into it: every path is looked up by the kernel with this root as `/`, whatever
/// links the image has, and what was found is used by its descriptor and never by its name again. So neither a link to the
/// host nor one that is exchanged at the right moment leads out (CVE-2021-30465).
struct RootFiles {
    /// The mount that is the root; owned by who made this.
    let root: Int32

    /// Opens what is there, without the right to read it.
    func open(_ path: String, _ flags: Int32 = clinux_o_path) throws(Errno) -> FileDescriptor {
        try Kernel.openInRoot(root, path, flags)
    }

    /// The same with its missing directories made; what is missing itself becomes a directory or an empty file, and so does what a
    /// link leads to.
    func place(_ path: String, isDirectory: Bool) throws -> FileDescriptor {
        try place(path, isDirectory, links: 40)
    }

    private func place(_ path: String, _ isDirectory: Bool, links: Int) throws -> FileDescriptor {
        let path = Self.cleaned(path)
        do {
            return try open(path)
        } catch {
            guard error == Errno(ENOENT) else { throw error }
        }
        let name = path.lastName
        guard !name.isEmpty else { return try open("/") }
        let parent = try place(path.parent, true, links: links)
        if isDirectory {
            if mkdirat(parent.rawValue, name, 0o755) != 0, errno != EEXIST { throw Errno(errno) }
        } else {
            let file = openat(
                parent.rawValue, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0o644)
            if file < 0, errno != EEXIST { throw Errno(errno) }
            if file >= 0 { close(file) }
        }
        do {
            // Without O_NOFOLLOW, with which O_PATH would open the link itself.
            return try Kernel.openInRoot(parent.rawValue, name, clinux_o_path, isBeneath: true)
        } catch {
            guard error == Errno(ELOOP) else { throw error }
        }
        guard links > 0 else { throw Errno(ELOOP) }
        // Where it leads may be made by whoever laid it, meanwhile or not: each look-up begins at this root again.
        var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = try Kernel.check { readlinkat(parent.rawValue, name, &target, target.count) }
        let text = String(decoding: target[..<length], as: UTF8.self)
        let whole = text.hasPrefix("/") ? text : "\(try pathInRoot(parent))/\(text)"
        return try place(whole, isDirectory, links: links - 1)
    }

    /// The name of a directory of this root's, without links.
    private func pathInRoot(_ directory: borrowing FileDescriptor) throws -> String {
        let top = Files.target(ofLink: Kernel.path(root)) ?? ""
        let path = Files.target(ofLink: Kernel.path(directory.rawValue)) ?? ""
        guard path == top || path.hasPrefix(top == "/" ? "/" : "\(top)/") else {
            throw Failure("\(ForeignText.line(path, most: 400)) is not in the container's root")
        }
        return String(path.dropFirst(top == "/" ? 0 : top.count))
    }

    /// A directory or a file of a kernel's file system, reached by no link: a link there is an image's doing, and would have
    /// what is meant for the kernel go somewhere else (CVE-2019-16884, CVE-2019-19921).
    func openKernelFile(_ path: String, _ flags: Int32, magic: Int) throws -> FileDescriptor {
        let file = try Kernel.openInRoot(root, String(path.drop { $0 == "/" }), flags, isBeneath: true)
        guard clinux_type_of(file.rawValue) == magic else {
            throw Failure("\(path) is not of the kernel's file system that should be there")
        }
        return file
    }

    /// Makes a node, or where the kernel lets make none, binds the host's there.
    func makeNode(_ path: String, mode: mode_t, device: dev_t, user: uid_t, group: gid_t) throws {
        let path = Self.cleaned(path)
        let parent = try place(path.parent, isDirectory: true)
        let name = path.lastName
        if mknodat(parent.rawValue, name, mode, device) == 0 {
            try Kernel.check { fchownat(parent.rawValue, name, user, group, AT_SYMLINK_NOFOLLOW) }
            // The mode was made with the umask, which is 0, but for an ACL of the directory's.
            let node = try Kernel.openInRoot(
                parent.rawValue, name, clinux_o_path | O_NOFOLLOW, isBeneath: true)
            try Kernel.check { chmod(Kernel.path(node.rawValue), mode & 0o7777) }
            return
        }
        let code = Errno(errno)
        if code == Errno(EEXIST) {
            let there = try Kernel.openInRoot(
                parent.rawValue, name, clinux_o_path | O_NOFOLLOW, isBeneath: true)
            let status = try Kernel.status(there.rawValue)
            if status.st_mode & S_IFMT == mode & S_IFMT
                && (mode & S_IFMT == S_IFIFO || status.st_rdev == device)
            {
                return
            }
            throw Failure("\(path) is there already and is another device")
        }
        guard code == Errno(EPERM), mode & S_IFMT != S_IFIFO else { throw code }
        let host = try FileDescriptor.openPath(path)
        let status = try Kernel.status(host.rawValue)
        guard status.st_mode & S_IFMT == mode & S_IFMT, status.st_rdev == device else { throw code }
        let mount = try Mounting.clone(of: "", at: host.rawValue, isRecursive: false)
        let there = try place(path, isDirectory: false)
        try Mounting.attach(mount, to: there.rawValue)
    }

    /// Makes a link, unless something is there.
    func makeLink(_ path: String, to target: String) throws {
        let parent = try place(path.parent, isDirectory: true)
        if symlinkat(target, parent.rawValue, path.lastName) != 0, errno != EEXIST { throw Errno(errno) }
    }

    /// Without `.`, `..` and empty names, as Go's filepath.Clean has it for an absolute path.
    static func cleaned(_ path: String) -> String {
        var names: [Substring] = []
        for name in path.split(separator: "/") where name != "." {
            if name == ".." { _ = names.popLast() } else { names.append(name) }
        }
        return "/" + names.joined(separator: "/")
    }
}

extension String {
    /// The last name of an absolute path; empty for `/`.
    var lastName: String { split(separator: "/").last.map(String.init) ?? "" }

    /// The path of the directory that it is in.
    var parent: String {
        let names = split(separator: "/").dropLast()
        return "/" + names.joined(separator: "/")
    }
}

extension FileDescriptor {
    /// What a path of the host's names, without the right to read it.
    static func openPath(_ path: String, _ flags: Int32 = 0) throws(Errno) -> FileDescriptor {
        FileDescriptor(owning: try Kernel.check { Glibc.open(path, clinux_o_path | flags | O_CLOEXEC) })
    }
}
