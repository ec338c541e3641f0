import Glibc
import LabCore
import OCI

/// The files of an image, unpacked: what a container's overlay or a VM's disk is made of.
package struct StoredTree: Sendable {
    /// Directories as overlayfs takes them, the lowest first, each once; none for an image without files.
    package let layers: [String]
    /// The digest of what overlayfs makes of them: `MergedTree.digest`.
    package let digest: String
    /// What the image runs unless told otherwise.
    package let config: Config
    /// Keeps the layers from being removed.
    private let holds: [LayerHold]

    package struct Config: Sendable, Equatable {
        /// `NAME=value`.
        package var environment: [String]
        /// `USER` or `USER:GROUP`, by name or number; nil for root.
        package var user: String?
        package var workingDirectory: String?
        package var entrypoint: [String]
        package var command: [String]
    }

    fileprivate init(
        _ layers: [String], _ digest: String, _ settings: ImageConfiguration.Settings?, _ holds: [LayerHold]
    ) {
        self.layers = layers
        self.digest = digest
        self.holds = holds
        func said(_ text: String?) -> String? { text?.isEmpty == false ? text : nil }
        config = Config(
            environment: settings?.env ?? [], user: said(settings?.user),
            workingDirectory: said(settings?.workingDir), entrypoint: settings?.entrypoint ?? [],
            command: settings?.cmd ?? [])
    }
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
    /// - Throws: `.input` when there is no such image, `.permission` without root, `.unavailable` when it is for another
    ///   processor, `.data` when a layer is refused or damaged.
    package func tree(of reference: String) throws(LabError) -> StoredTree {
        let image = try image(reference)
        guard image.configuration.os == "linux", image.configuration.architecture == Self.architecture else {
            throw LabError(
                .unavailable, "the image \(image.name) can't run here",
                cause:
                    "it is for \(ForeignText.quoted("\(image.configuration.os)/\(image.configuration.architecture)")), and this machine is linux/\(Self.architecture)",
                remedy: "pull or import it for this machine's architecture")
        }
        var holds: [LayerHold] = []
        let layers = try unpackedLayers(of: image, holds: &holds)
        let key = Digest.sha256(layers.joined(separator: "\n").utf8)
        let path = "\(directory)/trees/\(key)"
        if let known = Files.line(path).flatMap({ BlobDigest(hex: $0) }) {
            return StoredTree(layers, known.hex, image.configuration.config, holds)
        }
        let digest = try MergedTree.digest(layers)
        try Files.write(digest + "\n", to: path)
        return StoredTree(layers, digest, image.configuration.config, holds)
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
            do throws(Errno) { holds.append(try LayerHold(path)) } catch {
                throw LabError(.input, "cannot hold the layer \(path)", cause: error, remedy: "try again")
            }
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
        /// Layers that a run uses now, and that stay until the next time.
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
        for (name, descriptor) in try names() {
            blobs.insert(descriptor.digest.hex)
            // One that is damaged can't be used, and leads nowhere.
            guard let image = try? image(name) else { continue }
            blobs.formUnion((image.manifest.layers + [image.manifest.config]).map(\.digest.hex))
            layers.formUnion(image.configuration.rootfs.diffIDs.map(\.hex))
        }
        var collected = Collected()
        for name in Files.list("\(directory)/blobs/sha256") where !blobs.contains(name) {
            let path = "\(directory)/blobs/sha256/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0, unlink(path) == 0 else { continue }
            collected.blobs += 1
            collected.bytes += UInt64(clamping: status.st_size)
        }
        for name in Files.list("\(directory)/layers") where !layers.contains(name) {
            let path = "\(directory)/layers/\(name)"
            guard let file = try? FileDescriptor.open(path, O_RDONLY | O_DIRECTORY),
                flock(file.rawValue, LOCK_EX | LOCK_NB) == 0
            else {
                collected.busy += 1
                continue
            }
            // Out of its place first: half a layer is never found there.
            guard rename(path, "\(staging.path)/\(name)") == 0 else { continue }
            collected.layers += 1
        }
        // They are computed again in a moment.
        if collected.layers > 0 {
            for name in Files.list("\(directory)/trees") { unlink("\(directory)/trees/\(name)") }
        }
        withExtendedLifetime(lock) {}
        return collected
    }
}
