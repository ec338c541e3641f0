import Artifacts
import Glibc
import LabCore
import Synchronization

/// The files that QEMU opens by name, where its user may open and may not replace them: the directories of VMs, and
/// copies of files that lie where that user may not go.
///
/// Every directory is root's, so that no name in it is the user's to make, move or make a link of; what is in it is readable
/// to one user or group.
final class MachineFiles: Sendable {
    let user: QEMUUser?
    private let directory: String
    /// The path at which QEMU finds each file that was brought.
    private let known = Mutex<[String: String]>([:])

    init(_ paths: LabPaths, for user: QEMUUser?) throws(LabError) {
        self.user = user
        directory = paths.machines
        try Self.prepare(directory)
    }

    /// Makes a directory that everybody may pass and only root may change, or, where lab is not root, that is its user's.
    /// - Throws: `.permission` when what is there is somebody else's.
    static func prepare(_ path: String) throws(LabError) {
        guard geteuid() == 0 else { return try Files.makeDirectory(path, mode: 0o700) }
        try Files.makeDirectory(path, mode: 0o711)
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == 0,
            status.st_mode & 0o022 == 0
        else {
            throw LabError(
                .permission, "\(path) is not root's alone", cause: "QEMU's files would be others' to change",
                remedy: "remove it, or chown root \(path) && chmod 711 \(path)")
        }
        // Whatever the umask was.
        if status.st_mode & 0o111 != 0o111 { _ = chmod(path, 0o711) }
    }

    /// Makes a VM's directory with these FIFOs in it.
    static func make(_ place: VMPlace, pipes: [String], for user: QEMUUser?) throws(LabError) {
        try prepare(place.directory)
        for path in pipes {
            guard mkfifo(path, 0o600) == 0 else {
                throw LabError(.output, "cannot make the FIFO \(path)", cause: Errno(errno))
            }
            try hand(path, to: user)
        }
    }

    /// Makes a file its user's.
    static func hand(_ path: String, to user: QEMUUser?) throws(LabError) {
        guard let user else { return }
        do throws(Errno) {
            try checked { lchown(path, user.uid, user.gid) }
        } catch {
            throw LabError(.output, "cannot give \(path) to \(user.title)", cause: "\(error)")
        }
    }

    /// Returns the path at which QEMU finds a file, once it was brought.
    func path(of file: String) -> String { known.withLock { $0[file] } ?? file }

    /// Copies a file that its user can't open where it lies; the second time it costs nothing. A copy is root's and, of all
    /// others, its user's group may read it.
    /// - Parameter place: a directory for the copy, which is removed with the run; nil for one that is kept.
    func bring(_ file: String, into place: String? = nil) throws(LabError) {
        guard let user else { return }
        try known.withLock { (known) throws(LabError) in
            // A run that is over has removed what was its.
            if let path = known[file], place == nil || Files.exists(path) { return }
            if user.credentials.errno(opening: file) == 0 {
                known[file] = file
                return
            }
            let copies = place ?? "\(directory)/files"
            try Self.prepare(copies)
            let copy = "\(copies)/\(try Digest.sha256(file: file))-\(user.gid)"
            if !Files.exists(copy) { try Self.copy(file, to: copy) }
            do throws(Errno) {
                try checked { lchown(copy, 0, user.gid) }
                try checked { chmod(copy, 0o440) }
            } catch {
                throw LabError(.output, "cannot let \(user.title) read \(copy)", cause: "\(error)")
            }
            known[file] = copy
        }
    }

    /// Whole or not at all, under its name.
    private static func copy(_ file: String, to copy: String) throws(LabError) {
        let new = "\(copy).new-\(getpid())"
        // What a dead process of our number left, and what this one leaves when it fails.
        unlink(new)
        defer { unlink(new) }
        do throws(Errno) {
            let source = try FileDescriptor.openRegular(file)
            let target = try FileDescriptor.open(
                new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o400)
            try source.copyAll(to: target)
            try checked { rename(new, copy) }
        } catch {
            throw LabError(
                .output, "cannot copy \(file) to where QEMU can read it", cause: error,
                remedy: FullFileSystem.remedy(error, at: copy))
        }
    }
}
