import Artifacts
import Glibc
import LabCore
import OCI

/// What is told of an image.
extension ImageStore {
    /// One layer of an image.
    package struct LayerFacts: Encodable, Sendable {
        package var digest: String
        package var diffID: String
        package var mediaType: String
        /// Bytes of its blob.
        package var size: Int64
        /// Other images with this layer.
        package var sharedWith: [String]
        /// Whether it is unpacked in the store.
        package var isUnpacked: Bool
    }

    /// The layers of an image, the lowest first, and who else has them.
    package func layers(of image: Image) throws(LabError) -> [LayerFacts] {
        var users: [BlobDigest: [String]] = [:]
        for (name, _) in try names() where name != image.name {
            guard let other = try? self.image(name) else { continue }
            for layer in Set(other.configuration.rootfs.diffIDs) { users[layer, default: []].append(name) }
        }
        return zip(image.manifest.layers, image.configuration.rootfs.diffIDs).map { layer, diffID in
            LayerFacts(
                digest: layer.digest.description, diffID: diffID.description, mediaType: layer.mediaType,
                size: layer.size, sharedWith: users[diffID] ?? [],
                isUnpacked: Files.isDirectory(self.layer(diffID)))
        }
    }

    /// A path that two trees have not alike.
    package struct Difference: Encodable, Sendable, Equatable {
        package enum Kind: String, Encodable, Sendable {
            case added, changed, deleted
            /// As `podman diff` and `docker diff` say it.
            package var letter: String {
                switch self {
                case .added: "A"
                case .changed: "C"
                case .deleted: "D"
                }
            }
        }
        package var kind: Kind
        /// From `/` on; what is no text is shown as `\xNN`.
        package var path: String
    }

    /// The paths by which the second tree differs from the first: in type, mode, owner, contents or attributes.
    package static func differences(_ old: StoredTree, _ new: StoredTree) throws(LabError) -> [Difference] {
        if old.digest == new.digest { return [] }
        func records(_ tree: StoredTree) throws(LabError) -> [[UInt8]: String] {
            var records: [[UInt8]: String] = [:]
            try MergedTree.walk(tree.layers) { entry throws(LabError) in
                records[entry.path] = Digest.sha256(try MergedTree.record(of: entry, .ofProcess))
            }
            return records
        }
        let (before, after) = (try records(old), try records(new))
        return Set(before.keys).union(after.keys).sorted { $0.lexicographicallyPrecedes($1) }.compactMap {
            path in
            if before[path] == after[path] { return nil }
            let kind: Difference.Kind =
                before[path] == nil ? .added : after[path] == nil ? .deleted : .changed
            return Difference(kind: kind, path: "/" + ForeignText.line(path))
        }
    }
}
