import CLinux
import Glibc

extension Files {
    /// Removes a tree without following links and without crossing into what is mounted there.
    /// A path that is gone already is no error.
    ///
    /// Only the way to it is looked up by name. Below, each directory is held by a descriptor, so that nobody who may
    /// write there can lead the removal elsewhere while it goes on.
    public static func removeTree(_ path: String) throws(LabError) {
        let names = path.split(separator: "/").map(String.init)
        guard let name = names.last, name != ".", name != "..", !path.utf8.contains(0) else {
            throw LabError(.usage, "\(String(reflecting: path)) can't be removed", cause: "it names no entry")
        }
        let way = names.dropLast().joined(separator: "/")
        let parent: FileDescriptor
        do throws(Errno) {
            parent = try .open(path.hasPrefix("/") ? "/\(way)" : way.isEmpty ? "." : way, clinux_path_only)
        } catch {
            if error == Errno(ENOENT) || error == Errno(ENOTDIR) { return }
            throw LabError(.output, "cannot remove \(path)", cause: "\(error)")
        }
        try removeTree(name, in: parent, shown: path)
    }

    /// Removes what is called `name` in a directory: the same, with the way to it held too.
    /// - Parameter shown: its path, for what is said of it.
    static func removeTree(
        _ name: String, in parent: borrowing FileDescriptor, shown: String
    ) throws(LabError) {
        // Entries deeper than a walk reaches come up to the tree's own directory, to be walked from there.
        var passes = 0
        repeat {
            var removal = TreeRemoval(pass: passes)
            try removal.remove(Array(name.utf8CString), in: parent.rawValue, shown, depth: 0)
            if !removal.hasMore { return }
            passes += 1
        } while passes < TreeRemoval.mostPasses
        throw LabError(.output, "cannot remove \(shown)", cause: "it grows as fast as it is removed")
    }

    /// The names in an open directory as the kernel has them, `.` and `..` left out. The corresponding C function is
    /// `readdir`.
    package static func names(in directory: Int32) throws(Errno) -> [[CChar]] {
        let own = try checked { openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(own) else {
            let code = errno
            close(own)
            throw Errno(code)
        }
        // It owns the descriptor.
        defer { closedir(stream) }
        var names: [[CChar]] = []
        while let entry = readdir(stream) {
            // As bytes: a name need not be UTF-8.
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { text in
                    Array(UnsafeBufferPointer(start: text, count: strlen(text) + 1))
                }
            }
            if name != [0x2e, 0], name != [0x2e, 0x2e, 0] { names.append(name) }
        }
        return names
    }
}

/// One walk through a tree that removes what it meets.
private struct TreeRemoval {
    /// Each level holds a descriptor and a frame of the stack.
    static let deepest = 64
    static let mostPasses = 1 << 16

    /// Of the walk, so that what it brings up has a name of its own.
    let pass: Int
    private var broughtUp = 0
    /// The tree's own directory while it is walked.
    private var top: Int32 = -1

    /// True when something was brought up, for the next walk.
    var hasMore: Bool { broughtUp > 0 }

    init(pass: Int) { self.pass = pass }

    mutating func remove(
        _ name: [CChar], in directory: Int32, _ shown: @autoclosure () -> String, depth: Int
    ) throws(LabError) {
        let opened = clinux_open_beneath(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        let code = errno
        if opened < 0 {
            switch code {
            case ENOENT: return
            // No directory, or a link.
            case ENOTDIR, ELOOP: try unlink(name, in: directory, 0, shown())
            case EXDEV:
                throw LabError(
                    .output, "cannot remove \(shown())", cause: "something is mounted there",
                    remedy: "umount \(ShellText.quote(shown()))")
            // One that may not be read can be removed when it is empty.
            case EACCES where unlinkat(directory, name, AT_REMOVEDIR) == 0: return
            default: throw LabError(.output, "cannot remove \(shown())", cause: "\(Errno(code))")
            }
            return
        }
        let file = FileDescriptor(owning: opened)
        guard depth < Self.deepest else { return try bringUp(name, from: directory, shown()) }
        if depth == 0 { top = file.rawValue }
        let names: [[CChar]]
        do throws(Errno) {
            names = try Files.names(in: file.rawValue)
        } catch {
            throw LabError(.output, "cannot remove \(shown())", cause: "\(error)")
        }
        for inner in names {
            try remove(inner, in: file.rawValue, "\(shown())/\(Self.text(inner))", depth: depth + 1)
        }
        if depth > 0 || broughtUp == 0 { try unlink(name, in: directory, AT_REMOVEDIR, shown()) }
    }

    private mutating func bringUp(_ name: [CChar], from directory: Int32, _ shown: String) throws(LabError) {
        broughtUp += 1
        guard renameat(directory, name, top, ".lab-deep-\(pass)-\(broughtUp)") == 0 else {
            throw LabError(.output, "cannot remove \(shown)", cause: "\(Errno(errno))")
        }
    }

    private func unlink(
        _ name: [CChar], in directory: Int32, _ flags: Int32, _ shown: String
    ) throws(LabError) {
        guard unlinkat(directory, name, flags) != 0 else { return }
        let code = errno
        if code != ENOENT { throw LabError(.output, "cannot remove \(shown)", cause: "\(Errno(code))") }
    }

    private static func text(_ name: [CChar]) -> String {
        String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
