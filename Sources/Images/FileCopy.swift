import Artifacts
import Glibc
import LabCore

/// A file or directory of a recipe's, copied into the tree of an image. What is copied must lie in the recipe's directory, and
/// links of the tree are followed in the tree.
struct FileCopy {
    private let file: ImageRecipe.File
    private let base: String
    private let root: String
    private let epoch: Int

    init(_ file: ImageRecipe.File, from directory: String, to root: String, epoch: Int) {
        (self.file, self.base, self.root, self.epoch) = (file, directory, root, epoch)
    }

    func copy() throws(LabError) {
        let source = try resolvedSource()
        var status = stat()
        guard lstat(source, &status) == 0 else { throw failed(Errno(errno)) }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            do throws(Errno) {
                try write(try .openRegular(source), status.st_mode, to: try place(of: file.target))
            } catch { throw failed(error) }
        case S_IFDIR:
            do throws(Errno) { _ = try directory(file.target.split(separator: "/")) } catch {
                throw failed(error)
            }
            try MergedTree.walk([source]) { entry throws(LabError) in try copy(entry) }
        default: throw refused("it is neither a file nor a directory")
        }
    }

    private func copy(_ entry: MergedTree.Entry) throws(LabError) {
        guard let name = String(validating: entry.path, as: UTF8.self) else {
            throw refused("a name in it is no text: \(ForeignText.line(entry.path, most: 100))")
        }
        let target = "\(file.target)/\(name)"
        do throws(Errno) {
            switch entry.type {
            case S_IFDIR: _ = try directory(target.split(separator: "/"))
            case S_IFREG: try write(try entry.open(), entry.status.st_mode, to: try place(of: target))
            case S_IFLNK:
                let path = try place(of: target)
                let words = try entry.target().map { CChar(bitPattern: $0) } + [0]
                unlink(path)
                try checked { symlink(words, path) }
                try stamp(path)
            default: throw Errno(EINVAL)
            }
        } catch { throw failed(error, name) }
    }

    private func write(
        _ source: borrowing FileDescriptor, _ mode: mode_t, to path: String
    ) throws(Errno) {
        unlink(path)
        let target = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        try source.copyAll(to: target)
        // Without what a checkout's umask made of the other bits.
        let own: mode_t = mode & 0o100 != 0 ? 0o755 : 0o644
        try checked { fchmod(target.rawValue, file.mode ?? own) }
        try stamp(path)
    }

    /// The time of what is copied is that of the checkout, and no part of the input.
    private func stamp(_ path: String) throws(Errno) {
        var times = [timespec](repeating: timespec(tv_sec: epoch, tv_nsec: 0), count: 2)
        try checked { utimensat(AT_FDCWD, path, &times, AT_SYMLINK_NOFOLLOW) }
    }

    /// - Throws: `.data` for what lies elsewhere, also by a link.
    private func resolvedSource() throws(LabError) -> String {
        let (above, source): (String, String)
        do throws(Errno) {
            above = try Files.realPath(base)
            source = try Files.realPath("\(base)/\(file.source)")
        } catch { throw failed(error) }
        guard source == above || source.hasPrefix(above == "/" ? "/" : "\(above)/") else {
            throw refused("it leads out of the recipe's directory")
        }
        return source
    }

    /// Where a path of the image is on this machine, with the directories above it, but for a link in its own place.
    private func place(of target: String) throws(Errno) -> String {
        var names = target.split(separator: "/")
        guard let own = names.popLast() else { throw Errno(EISDIR) }
        return "\(try directory(names))/\(own)"
    }

    /// A directory of the image on this machine, made where it is missing. The tree's own links are followed in the tree, and
    /// nobody changes it meanwhile.
    private func directory(_ names: [Substring]) throws(Errno) -> String {
        let lookup = TreeLookup(FileTree(reference: "", layers: [root], digest: nil))
        var (names, missing) = (names, [Substring]())
        while true {
            do throws(Errno) {
                let found = try lookup.find(names.joined(separator: "/"))
                guard found.isDirectory else { throw Errno(ENOTDIR) }
                var path = "\(root)/\(found.path)"
                for name in missing.reversed() {
                    path += "/\(name)"
                    try checked { mkdir(path, 0o755) }
                    // The umask is the user's.
                    try checked { chmod(path, 0o755) }
                }
                return path
            } catch {
                guard error == Errno(ENOENT), let last = names.popLast() else { throw error }
                missing.append(last)
            }
        }
    }

    private func failed(_ error: Errno, _ inner: String? = nil) -> LabError {
        let name = inner.map { "\(file.source)/\($0)" } ?? file.source
        let room = FullFileSystem.remedy(error, at: root)
        return LabError(
            room == nil ? .input : .output,
            "cannot copy \(ForeignText.quoted(name)) to \(ForeignText.quoted(file.target)) of the image",
            cause: error, remedy: room ?? "mend the recipe")
    }

    private func refused(_ cause: Message) -> LabError {
        LabError(
            .data,
            "cannot copy \(ForeignText.quoted(file.source)) to \(ForeignText.quoted(file.target)) of the image",
            cause: cause, remedy: "mend the recipe")
    }
}
