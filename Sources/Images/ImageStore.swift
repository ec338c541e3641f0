import Artifacts
import Glibc
import LabCore
import OCI

/// The images of this user, below the cache: an image layout (image-layout.md) that skopeo, podman and umoci read as it
/// is, with the layers that were unpacked beside it.
///
///     index.json, oci-layout, blobs/sha256/…    names, manifests, configurations, layers
///     layers/DIFFID                             a layer as overlayfs takes it; whole, or not there
///     trees/…                                   digests of trees, by the layers that they are of
///     merged/…                                  trees of several layers in one directory, by the same names
///     staging/…                                 what is being made, locked by who makes it
///
/// Everything is made in `staging` and renamed to its place, the index last: so what is found is whole, and what a killed
/// process left is removed by the next one. One that changes the index holds `lock` for that moment.
package struct ImageStore: Sendable {
    package let directory: String
    let paths: LabPaths

    /// Opens the store, and makes it when there is none: only its user may enter it, since layers have setuid files.
    /// - Throws: `.permission` when it, or the way to it, can be changed by others.
    package init(paths: LabPaths) throws(LabError) {
        self.paths = paths
        directory = "\(paths.cache)/images"
        _ = try OwnDirectory.make(directory, mode: 0o700)
        chmod(directory, 0o700)
        for name in ["blobs", "blobs/sha256", "layers", "trees", "merged", "staging"] {
            try Files.makeDirectory("\(directory)/\(name)")
        }
        if !Files.exists("\(directory)/oci-layout") {
            try Files.write(#"{"imageLayoutVersion": "1.0.0"}"#, to: "\(directory)/oci-layout")
        }
        sweep()
    }

    /// An image and its name.
    package struct Image: Sendable {
        package var name: String
        package var descriptor: Descriptor
        package var manifest: ImageManifest
        package var configuration: ImageSpec
        /// The image that had its name until it came, another one.
        package var replaced: BlobDigest?

        /// The name of its tree: that of its layers, whatever else the image says.
        var treeName: String {
            Digest.sha256(configuration.rootfs.diffIDs.map(\.hex).joined(separator: "\n").utf8)
        }
    }

    // MARK: names

    /// Every name with its manifest's descriptor, sorted.
    package func names() throws(LabError) -> [(name: String, descriptor: Descriptor)] {
        try index().manifests.compactMap { entry in entry.name.map { ($0, entry) } }.sorted { $0.0 < $1.0 }
    }

    /// The descriptor of an image.
    /// - Parameter reference: its name, the name without `:latest`, or the first four digits of its digest or more.
    /// - Throws: `.input` when there is none, `.usage` when several begin so.
    package func find(_ reference: String) throws(LabError) -> (name: String, descriptor: Descriptor) {
        let names = try names()
        if let found = names.first(where: { $0.name == reference || $0.name == "\(reference):latest" }) {
            return found
        }
        let digits = reference.hasPrefix("sha256:") ? reference.dropFirst(7) : reference[...]
        let found = digits.utf8.count < 4 ? [] : names.filter { $0.descriptor.digest.hex.hasPrefix(digits) }
        guard Set(found.map(\.descriptor.digest)).count <= 1 else {
            throw LabError(
                .usage, "\(ForeignText.quoted(reference)) is the beginning of several images' digests",
                remedy: "give more of its digits, or its name")
        }
        guard let first = found.first else {
            throw LabError(
                .input,
                "there is no image \(ForeignText.quoted(reference))\(didYouMean(reference, in: names.map(\.name)))",
                remedy: "lab image ls shows those that there are; lab image pull and import bring others")
        }
        return first
    }

    /// An image with its manifest and configuration.
    package func image(_ reference: String) throws(LabError) -> Image {
        let (name, descriptor) = try find(reference)
        let manifest = try ImageManifest(json: try text(of: descriptor), of: name)
        let configuration = try ImageSpec(
            json: try text(of: manifest.config), of: name, layers: manifest.layers.count)
        return Image(name: name, descriptor: descriptor, manifest: manifest, configuration: configuration)
    }

    func index() throws(LabError) -> ImageIndex {
        let path = "\(directory)/index.json"
        guard Files.exists(path) else { return ImageIndex() }
        return try ImageIndex(json: try Files.read(path, limit: ImageLimits.mostText), of: path)
    }

    /// Changes the names while nobody else does.
    func changeIndex(_ change: (inout ImageIndex) throws(LabError) -> Void) throws(LabError) {
        let lock = try lock()
        var index = try index()
        try change(&index)
        try Files.write(try SpecText.encode(index), to: "\(directory)/index.json")
        withExtendedLifetime(lock) {}
    }

    /// The lock of the index, which ends with what is returned.
    func lock() throws(LabError) -> FileDescriptor {
        let deadline = MonotonicInstant.now().advanced(by: .seconds(60))
        do {
            let file = try FileDescriptor.open("\(directory)/lock", O_RDWR | O_CREAT | O_NOFOLLOW)
            while flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK else { throw Errno(errno) }
                try Interrupt.ofProcess.check()
                guard MonotonicInstant.now() < deadline else {
                    throw LabError(.timeout, "another lab is changing the images in \(directory)")
                }
                usleep(10_000)
            }
            return file
        } catch let error as LabError {
            throw error
        } catch {
            throw LabError(.output, "cannot lock \(directory)", cause: "\(error)")
        }
    }

    // MARK: blobs

    package func path(of digest: BlobDigest) -> String { "\(directory)/blobs/sha256/\(digest.hex)" }

    /// The bytes of a manifest or a configuration, checked.
    func text(of descriptor: Descriptor) throws(LabError) -> [UInt8] {
        try Self.text(of: descriptor, in: directory)
    }

    static func text(of descriptor: Descriptor, in layout: String) throws(LabError) -> [UInt8] {
        let bytes = try Files.read(
            "\(layout)/blobs/sha256/\(descriptor.digest.hex)", limit: ImageLimits.mostText)
        guard bytes.count == descriptor.size, Digest.sha256(bytes) == descriptor.digest.hex else {
            throw LabError(
                .data, "the blob \(descriptor.digest) is damaged",
                cause: "its \(bytes.count) bytes are not those that its digest is of",
                remedy: "remove the image, then import or pull it again")
        }
        return bytes
    }

    // MARK: staging

    /// A directory in which something is made, removed with what is left in it at the end.
    final class Staging {
        let path: String
        private let file: FileDescriptor

        /// - Throws: `.output` when it can't be made.
        init(in store: ImageStore) throws(LabError) {
            path = "\(store.directory)/staging/\(getpid())-\(UInt32.random(in: 0 ... .max))"
            try Files.makeDirectory(path, mode: 0o700)
            do throws(Errno) {
                file = try .open(path, O_RDONLY | O_DIRECTORY)
                try checked { flock(file.rawValue, LOCK_EX | LOCK_NB) }
            } catch {
                throw LabError(.output, "cannot lock \(path)", cause: error)
            }
        }

        deinit { try? Files.removeTree(path) }
    }

    /// Removes what dead processes were making. One that has just made a directory and not locked it yet is younger than a
    /// minute.
    private func sweep() {
        for name in Files.list("\(directory)/staging") {
            let path = "\(directory)/staging/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0, time(nil) - status.st_ctim.tv_sec > 60,
                let file = try? FileDescriptor.open(path, O_RDONLY | O_DIRECTORY),
                flock(file.rawValue, LOCK_EX | LOCK_NB) == 0
            else { continue }
            try? Files.removeTree(path)
        }
    }
}
