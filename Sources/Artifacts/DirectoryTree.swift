import Glibc
import LabCore

extension FileTree {
    private static let remedy: Message =
        "name a directory that holds the program and what it needs: --image rootfs:DIR"

    /// The absolute path of a directory with a root file system.
    /// - Throws: `.usage` for no word, `.input` for what is no directory or empty.
    package static func place(ofRoot given: String) throws(LabError) -> String {
        guard !given.isEmpty else {
            throw LabError(.usage, "\(ForeignText.quoted("rootfs:")) names no image", remedy: remedy)
        }
        let directory: String
        do throws(Errno) { directory = try Files.realPath(given) } catch {
            throw LabError(
                .input, "cannot look into \(ForeignText.quoted(given))", cause: "\(error)", remedy: remedy)
        }
        guard Files.isDirectory(directory) else {
            throw LabError(
                .input, "\(ForeignText.quoted(directory)) is no root file system",
                cause: "it is no directory", remedy: "unpack it, and name the directory")
        }
        guard !Files.list(directory).isEmpty else {
            throw LabError(
                .input, "\(ForeignText.quoted(directory)) is no root file system", cause: "it is empty",
                remedy: remedy)
        }
        return directory
    }

    /// The tree of a directory with a root file system.
    /// - Throws: what `place(ofRoot:)` throws, and what can't be read.
    package static func rootfs(_ given: String) throws(LabError) -> FileTree {
        let directory = try place(ofRoot: given)
        // The host's own root changes while it is read.
        let digest = directory == "/" ? nil : try MergedTree.digest([directory])
        return FileTree(reference: "rootfs:\(directory)", layers: [directory], digest: digest)
    }
}
