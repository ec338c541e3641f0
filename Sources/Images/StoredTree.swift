import Artifacts
import Glibc
import LabCore
import OCI

/// The files of an image, unpacked: what a container's overlay or a VM's disk is made of.
package struct StoredTree: Sendable {
    /// Directories as overlayfs takes them, the lowest first, each once; none for an image without files.
    package let layers: [String]
    /// All of several layers in one directory, where that was asked for.
    package let merged: String?
    /// The digest of what overlayfs makes of them: `MergedTree.digest`.
    package let digest: String
    /// Keeps the layers from being removed.
    package let hold: TreeHold
}

/// A layer in use: whoever removes layers leaves one that somebody has locked.
final class LayerHold: Sendable {
    private let file: FileDescriptor

    init(_ layer: String) throws(Errno) {
        file = try .open(layer, O_RDONLY | O_DIRECTORY)
        try checked { flock(file.rawValue, LOCK_SH | LOCK_NB) }
    }
}

extension ImageStore {
    /// The tree of an image. Layers that nobody unpacked yet are unpacked now, and its digest is computed once.
    /// - Parameter merged: whether several layers are to be one directory too.
    /// - Throws: `.permission` without root, `.unavailable` when it is for another processor, `.data` when a layer is
    ///   refused or damaged.
    package func tree(of image: Image, merged: Bool = false) throws(LabError) -> StoredTree {
        guard image.configuration.os == "linux", image.configuration.architecture == Self.architecture else {
            throw LabError(
                .unavailable, "the image \(image.name) can't run here",
                cause:
                    "it is for \(ForeignText.quoted("\(image.configuration.os)/\(image.configuration.architecture)")), and this machine is linux/\(Self.architecture)",
                remedy: "pull or import it for this machine's architecture")
        }
        var holds: [LayerHold] = []
        let layers = try unpackedLayers(of: image, holds: &holds)
        let path = "\(directory)/trees/\(image.treeName)"
        var digest = Files.line(path).flatMap { BlobDigest(hex: $0)?.hex } ?? ""
        if digest.isEmpty {
            digest = try MergedTree.digest(layers)
            try Files.write(digest + "\n", to: path)
        }
        var whole: String?
        if merged, layers.count > 1 {
            let place = "\(directory)/merged/\(image.treeName)"
            if !Files.isDirectory(place) { try merge(layers, digest, to: place) }
            holds.append(try hold(place))
            whole = place
        }
        return StoredTree(layers: layers, merged: whole, digest: digest, hold: TreeHold(holds))
    }

    package func tree(of reference: String) throws(LabError) -> StoredTree {
        try tree(of: try image(reference))
    }

    /// Makes one directory of layers, for engines that stack none.
    /// - Throws: `.data` when it is not the tree that overlayfs makes of them.
    private func merge(_ layers: [String], _ digest: String, to place: String) throws(LabError) {
        let staging = try Staging(in: self)
        let made = "\(staging.path)/merged"
        try MergedTree.write(layers, to: made)
        let own = try MergedTree.digest([made])
        guard own == digest else {
            throw LabError(
                .data, "cannot merge the layers of an image",
                cause: "together their digest is \(digest), and merged it is \(own)",
                remedy: "remove the image, then import or pull it again")
        }
        guard rename(made, place) == 0 || Files.isDirectory(place) else {
            throw LabError(.output, "cannot make \(place)", cause: "\(Errno(errno))")
        }
    }

    private func hold(_ directory: String) throws(LabError) -> LayerHold {
        do throws(Errno) { return try LayerHold(directory) } catch {
            throw LabError(.input, "cannot hold the layer \(directory)", cause: error, remedy: "try again")
        }
    }

    /// The images' word for this machine's processors.
    static var architecture: String {
        #if arch(x86_64)
        "amd64"
        #elseif arch(arm64)
        "arm64"
        #else
        "unknown"
        #endif
    }

    /// The directories of an image's layers, the lowest first. Of a layer that is there twice the upper one counts, which
    /// hides the lower; overlayfs takes none twice.
    private func unpackedLayers(of image: Image, holds: inout [LayerHold]) throws(LabError) -> [String] {
        guard geteuid() == 0 else {
            throw LabError(
                .permission, "cannot unpack the image \(image.name)",
                cause: "its files have owners that this user may not give", remedy: "run as root")
        }
        var layers: [String] = []
        for (descriptor, diffID) in zip(image.manifest.layers, image.configuration.rootfs.diffIDs) {
            let path = layer(diffID)
            do throws(LabError) {
                if !Files.isDirectory(path) { try unpack(descriptor, diffID) }
            } catch {
                var error = error
                error.message = "\(error.message), in the image \(image.name)"
                throw error
            }
            holds.append(try hold(path))
            layers.removeAll { $0 == path }
            layers.append(path)
        }
        return layers
    }

    /// The place of an unpacked layer.
    package func layer(_ diffID: BlobDigest) -> String { "\(directory)/layers/\(diffID.hex)" }

    private func unpack(_ blob: Descriptor, _ diffID: BlobDigest) throws(LabError) {
        let staging = try Staging(in: self)
        let made = "\(staging.path)/layer"
        try Files.makeDirectory(made)
        chmod(made, 0o755)
        try LayerUnpacker.unpack(path(of: blob.digest), blob, diffID: diffID, into: made)
        // Another process was faster, with the same.
        guard rename(made, layer(diffID)) == 0 || Files.isDirectory(layer(diffID)) else {
            throw LabError(.output, "cannot keep the layer \(diffID)", cause: "\(Errno(errno))")
        }
    }
}

extension ImageStore {
    /// What lies below the store that no name leads to any more, and goes.
    package struct Collected: Encodable, Sendable {
        package var blobs = 0
        package var layers = 0
        /// Of the blobs.
        package var bytes: UInt64 = 0
        /// Disks of VMs, made of trees that no image has.
        package var disks = 0
        /// Of the disks.
        package var diskBytes: UInt64 = 0
        /// Layers and disks that a run uses now, and that stay until the next time.
        package var busy = 0
    }

    /// Takes a name away. What only it led to goes with `collect`.
    package func remove(name reference: String) throws(LabError) {
        let name = try find(reference).name
        try changeIndex { index throws(LabError) in index.manifests.removeAll { $0.name == name } }
    }

    /// Removes what no name leads to.
    package func collect() throws(LabError) -> Collected {
        let lock = try lock()
        let staging = try Staging(in: self)
        var blobs: Set<String> = []
        var layers: Set<String> = []
        var merged: Set<String> = []
        for (name, descriptor) in try names() {
            blobs.insert(descriptor.digest.hex)
            // One that is damaged can't be used, and leads nowhere.
            guard let image = try? image(name) else { continue }
            blobs.formUnion((image.manifest.layers + [image.manifest.config]).map(\.digest.hex))
            layers.formUnion(image.configuration.rootfs.diffIDs.map(\.hex))
            merged.insert(image.treeName)
        }
        var collected = Collected()
        for name in Files.list("\(directory)/blobs/sha256") where !blobs.contains(name) {
            let path = "\(directory)/blobs/sha256/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0, unlink(path) == 0 else { continue }
            collected.blobs += 1
            collected.bytes += UInt64(clamping: status.st_size)
        }
        for (parent, used) in [("layers", layers), ("merged", merged)] {
            for name in Files.list("\(directory)/\(parent)") where !used.contains(name) {
                let path = "\(directory)/\(parent)/\(name)"
                guard let file = try? FileDescriptor.open(path, O_RDONLY | O_DIRECTORY),
                    flock(file.rawValue, LOCK_EX | LOCK_NB) == 0
                else {
                    collected.busy += 1
                    continue
                }
                // Out of its place first: half a layer is never found there.
                guard rename(path, "\(staging.path)/\(parent)-\(name)") == 0 else { continue }
                if parent == "layers" { collected.layers += 1 }
            }
        }
        var trees: Set<String> = []
        for name in Files.list("\(directory)/trees") {
            let path = "\(directory)/trees/\(name)"
            if merged.contains(name) {
                trees.formUnion(Files.line(path).map { [$0] } ?? [])
            } else {
                unlink(path)
            }
        }
        let disks = TreeDisks.collect(keeping: trees, paths: paths)
        (collected.disks, collected.diskBytes) = (disks.disks, disks.bytes)
        collected.busy += disks.busy
        withExtendedLifetime(lock) {}
        return collected
    }
}
