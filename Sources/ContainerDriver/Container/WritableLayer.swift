import Glibc
import LabCore

/// The private writable layer of one container: overlayfs's upper and work directories, side by side.
struct WritableLayer: Sendable {
    let directory: String
    var upper: String { "\(directory)/upper" }
    var work: String { "\(directory)/work" }

    func make() throws(LabError) {
        for path in [directory, upper, work] where mkdir(path, 0o755) != 0 {
            let code = errno
            try? remove()
            throw LabError(
                .output, "cannot make the directory \(path)", cause: "\(Errno(code))",
                remedy: code == ENOSPC ? "free space on that file system" : nil)
        }
    }

    /// Removes the layer and all that the container wrote into it.
    ///
    /// The common case first: a container that wrote nothing leaves what overlayfs itself made, and each part of it
    /// goes with one system call; anything else is removed by walking.
    func remove() throws(LabError) {
        rmdir("\(work)/work/incompat/volatile")
        rmdir("\(work)/work/incompat")
        rmdir("\(work)/work")
        rmdir(work)
        rmdir(upper)
        if rmdir(directory) != 0 && errno != ENOENT { try Files.removeTree(directory) }
    }
}
