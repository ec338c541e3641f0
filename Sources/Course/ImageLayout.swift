import Artifacts
import FoundationEssentials
import LabCore

/// An image of an OCI layout (image-layout.md, manifest.md and config.md of the OCI image specification), with every digest
/// computed again.
struct ImageLayout {
    /// The bytes of each of its blobs by digest, `sha256:…`.
    var blobs: [String: [UInt8]] = [:]
    /// The uncompressed layers, the lowest first.
    var layers: [[UInt8]] = []
    /// The words of its command: entrypoint and arguments.
    var command: [String] = []
    /// The digest of its manifest, which is the image's.
    var digest = ""

    /// What is wrong with a layout.
    struct Flaw: Error {
        /// True when only the digest of an uncompressed layer is that of the packed one.
        var isPackedDiffID = false
        var seen: Message
    }

    private struct Descriptor: Decodable {
        let mediaType: String
        let digest: String
        let size: Int
    }
    private struct Index: Decodable { let manifests: [Descriptor] }
    private struct Manifest: Decodable {
        let config: Descriptor
        let layers: [Descriptor]
    }
    private struct Configuration: Decodable {
        struct Run: Decodable {
            let entrypoint: [String]?
            let cmd: [String]?
            enum CodingKeys: String, CodingKey { case entrypoint = "Entrypoint", cmd = "Cmd" }
        }
        struct Root: Decodable {
            let diffIDs: [String]
            enum CodingKeys: String, CodingKey { case diffIDs = "diff_ids" }
        }
        let config: Run?
        let rootfs: Root
    }

    /// - Parameters:
    ///   - files: those of the layout by their paths.
    ///   - most: the bytes that its layers may have uncompressed, all together.
    init(_ files: [String: [UInt8]], most: Int) throws(Flaw) {
        for (path, bytes) in files where path.hasPrefix("blobs/sha256/") {
            let name = String(path.dropFirst("blobs/sha256/".utf8.count))
            guard Digest.sha256(bytes) == name else {
                throw Flaw(seen: "the blob \(ForeignText.quoted(name)) has another digest than its name")
            }
            blobs["sha256:\(name)"] = bytes
        }
        guard files["oci-layout"] != nil else { throw Flaw(seen: "there is no oci-layout") }
        let index = try Self.decode(Index.self, files["index.json"], "index.json")
        guard index.manifests.count == 1, let image = index.manifests.first else {
            throw Flaw(seen: "index.json names \(index.manifests.count) manifests, and not one")
        }
        digest = image.digest
        let manifest = try Self.decode(Manifest.self, try blob(image), "the manifest")
        let configuration = try Self.decode(
            Configuration.self, try blob(manifest.config), "the configuration")
        command = (configuration.config?.entrypoint ?? []) + (configuration.config?.cmd ?? [])
        let diffIDs = configuration.rootfs.diffIDs
        guard diffIDs.count == manifest.layers.count else {
            throw Flaw(
                seen:
                    "the manifest has \(manifest.layers.count) layers, and the configuration \(diffIDs.count) diff_ids"
            )
        }
        var left = most
        for (descriptor, diffID) in zip(manifest.layers, diffIDs) {
            let packed = try blob(descriptor)
            let layer: [UInt8]
            do throws(LabError) { layer = try Archive.unpacked(packed, most: left) } catch {
                throw Flaw(seen: "\(error)")
            }
            left -= layer.count
            guard descriptor.mediaType.hasSuffix("+gzip") == packed.starts(with: Archive.gzipMagic) else {
                throw Flaw(
                    seen:
                        "a layer's media type is \(ForeignText.quoted(descriptor.mediaType)), and its bytes are another's"
                )
            }
            guard "sha256:\(Digest.sha256(layer))" == diffID else {
                throw Flaw(
                    isPackedDiffID: diffID == descriptor.digest && layer != packed,
                    seen: "a layer's diff_id is not the digest of its uncompressed tar")
            }
            layers.append(layer)
        }
    }

    private func blob(_ descriptor: Descriptor) throws(Flaw) -> [UInt8] {
        guard let bytes = blobs[descriptor.digest], bytes.count == descriptor.size else {
            throw Flaw(
                seen: "there is no blob \(ForeignText.quoted(descriptor.digest)) of \(descriptor.size) bytes")
        }
        return bytes
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ bytes: [UInt8]?, _ name: Message
    ) throws(Flaw) -> Value {
        guard let bytes, let value = try? JSONDecoder().decode(type, from: Data(bytes)) else {
            throw Flaw(seen: "\(name) is missing, or is not as the specification has it")
        }
        return value
    }

    /// What its layers make together, with whiteouts as image layers have them (layer.md).
    /// - Throws: `.data` for a layer that is no archive or has what no layer may.
    func tree() throws(LabError) -> FileSnapshot {
        var tree = FileSnapshot()
        for layer in layers {
            let entries = try Archive.read(layer, Archive.Limits(bytes: layer.count, entries: 4_096))
            // They are of what is below, not of this layer.
            for entry in entries {
                let (parent, name) = Self.split(entry.path)
                if name == ".wh..wh..opq" {
                    tree.nodes = tree.nodes.filter { !$0.key.hasPrefix("\(parent)/") }
                } else if name.hasPrefix(".wh.") {
                    tree.remove(parent.isEmpty ? "\(name.dropFirst(4))" : "\(parent)/\(name.dropFirst(4))")
                }
            }
            for entry in entries where !Self.split(entry.path).name.hasPrefix(".wh.") {
                try Self.put(entry, into: &tree)
            }
        }
        return tree
    }

    /// Whether the file that its layers have at a path at last may be executed.
    func mayExecute(_ path: String) throws(LabError) -> Bool {
        for layer in layers.reversed() {
            let entries = try Archive.read(layer, Archive.Limits(bytes: layer.count, entries: 4_096))
            if let entry = entries.last(where: { $0.path == path }) { return entry.isExecutable }
        }
        return false
    }

    private static func split(_ path: String) -> (parent: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    private static func put(_ entry: Archive.Entry, into tree: inout FileSnapshot) throws(LabError) {
        var parent = split(entry.path).parent
        while !parent.isEmpty {
            tree.nodes[parent] = .directory
            parent = split(parent).parent
        }
        switch entry.kind {
        case .directory:
            if tree.nodes[entry.path] != .directory { tree.remove(entry.path) }
            tree.nodes[entry.path] = .directory
        case .file(let bytes):
            tree.remove(entry.path)
            tree.nodes[entry.path] = .file(bytes)
        case .link(let target):
            tree.remove(entry.path)
            tree.nodes[entry.path] = .link(target)
        case .whiteout:
            throw LabError(.data, "a layer has a device", cause: "\(ForeignText.quoted(entry.path))")
        }
    }
}
