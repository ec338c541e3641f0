import Artifacts
import LabCore

extension FileTree {
    /// The most layers that an engine stacks by itself: the page that mount(2) takes names no more of them for certain.
    private static let mostStacked = 100

    /// The tree that a word of the user's names: `rootfs:DIR`; an image of the store, by name or digest; or an image that is
    /// brought into the store on the way, as `ImageSource` names one.
    /// - Throws: what says why there is none: `.usage`, `.input`, `.data`, and for another processor's `.unavailable`.
    package static func named(_ reference: String, paths: LabPaths) throws(LabError) -> FileTree {
        if reference.hasPrefix("rootfs:") { return try rootfs(String(reference.dropFirst(7))) }
        let store = try ImageStore(paths: paths)
        let isOnTheWay = ImageSource.isTransport(reference)
        let image = isOnTheWay ? try store.add(onTheWay: reference) : try stored(reference, store.image)
        let tree: StoredTree
        do throws(LabError) {
            tree = try store.tree(of: image, merged: true)
            guard (tree.merged.map { [$0] } ?? tree.layers).contains(where: { !Files.list($0).isEmpty })
            else {
                throw LabError(
                    .input, "the image \(image.name) has no files",
                    remedy: "name one that holds the program and what it needs")
            }
        } catch {
            // What is refused is not kept.
            if isOnTheWay { try? store.remove(name: image.name) }
            throw error
        }
        let merged = tree.layers.count > mostStacked ? tree.merged : nil
        return FileTree(
            reference: image.name, layers: merged.map { [$0] } ?? tree.layers, merged: tree.merged,
            digest: tree.digest, config: image.configuration.config ?? ImageConfig(), hold: tree.hold)
    }

    /// Looks whether there is what a word names, and no further: nothing is read, imported or unpacked.
    /// - Throws: what says that there is none.
    package static func look(for reference: String, paths: LabPaths) throws(LabError) {
        if reference.hasPrefix("rootfs:") {
            _ = try place(ofRoot: String(reference.dropFirst(7)))
        } else if ImageSource.isTransport(reference) {
            _ = try ImageSource(reference)
        } else {
            _ = try stored(reference, ImageStore(paths: paths).find)
        }
    }

    /// What the store has by a name; for who names a file or a directory instead, the word by which that is named.
    private static func stored<Found>(
        _ reference: String, _ find: (String) throws(LabError) -> Found
    ) throws(LabError) -> Found {
        do { return try find(reference) } catch {
            guard error.kind == .input, Files.exists(reference) else { throw error }
            var error = error
            error.remedy =
                !Files.isDirectory(reference)
                ? "name a file by what wrote it: docker-archive:\(reference) or oci-archive:\(reference)"
                : Files.exists("\(reference)/index.json")
                    ? "an image layout is named oci:\(reference)"
                    : "a directory with a root file system is named rootfs:\(reference)"
            throw error
        }
    }
}
