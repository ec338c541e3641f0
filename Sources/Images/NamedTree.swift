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
        let image =
            ImageSource.isTransport(reference)
            ? try store.add(onTheWay: reference) : try store.image(reference)
        let tree = try store.tree(of: image, merged: true)
        guard (tree.merged.map { [$0] } ?? tree.layers).contains(where: { !Files.list($0).isEmpty }) else {
            throw LabError(
                .input, "the image \(image.name) has no files",
                remedy: "name one that holds the program and what it needs")
        }
        let merged = tree.layers.count > mostStacked ? tree.merged : nil
        return FileTree(
            reference: image.name, layers: merged.map { [$0] } ?? tree.layers, merged: tree.merged,
            digest: tree.digest, config: image.configuration.config ?? ImageConfig(), hold: tree.hold)
    }
}
