import LabCore

/// The name of a blob by its content: `sha256:` and 64 hexadecimal digits in lower case, and nothing else, so that it can
/// be a part of a path as it is.
package struct BlobDigest: Codable, Hashable, Sendable, CustomStringConvertible {
    /// The digits.
    package let hex: String

    /// - Parameter text: with its `sha256:`; nil for what is none.
    package init?(_ text: String) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(hex: String(text.dropFirst(7)))
    }

    package init?(hex: String) {
        guard hex.utf8.count == 64,
            hex.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.hex = hex
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let digest = BlobDigest(text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "\(ForeignText.quoted(text)) is no SHA-256 digest"))
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(description)
    }

    package var description: String { "sha256:\(hex)" }
}

/// A blob's name, size and kind: descriptor.md of the OCI image specification 1.1.
package struct Descriptor: Codable, Equatable, Sendable {
    package var mediaType: String
    package var digest: BlobDigest
    /// Bytes.
    package var size: Int64
    package var platform: Platform?
    package var annotations: [String: String]?

    package init(mediaType: String, digest: BlobDigest, size: Int64) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
    }

    package struct Platform: Codable, Equatable, Sendable {
        package var architecture: String
        package var os: String
    }

    /// The annotation by which a layout's index names an image: annotations.md.
    package static let nameKey = "org.opencontainers.image.ref.name"
    package var name: String? {
        get { annotations?[Self.nameKey] }
        set { annotations = newValue.map { [Self.nameKey: $0] } }
    }
}

/// The kinds of blobs, of OCI and of docker's registry.
package enum MediaType {
    package static let manifest = "application/vnd.oci.image.manifest.v1+json"
    package static let index = "application/vnd.oci.image.index.v1+json"
    package static let config = "application/vnd.oci.image.config.v1+json"
    package static let layer = "application/vnd.oci.image.layer.v1.tar"

    package static let manifests: Set = [manifest, "application/vnd.docker.distribution.manifest.v2+json"]
    package static let indices: Set = [index, "application/vnd.docker.distribution.manifest.list.v2+json"]
    package static let layers: Set = [
        layer, "\(layer)+gzip", "\(layer)+zstd", "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    ]
}

/// The names of a layout, and the manifests of several architectures: image-index.md.
package struct ImageIndex: Codable, Equatable, Sendable {
    package var schemaVersion = 2
    package var mediaType: String? = MediaType.index
    package var manifests: [Descriptor] = []
    package init() {}
}

/// One image: its configuration and its layers, the lowest first (manifest.md).
package struct ImageManifest: Codable, Equatable, Sendable {
    package var schemaVersion = 2
    package var mediaType: String? = MediaType.manifest
    package var config: Descriptor
    package var layers: [Descriptor]

    package init(config: Descriptor, layers: [Descriptor]) {
        self.config = config
        self.layers = layers
    }
}

/// What an image runs, how and on what: config.md.
package struct ImageSpec: Codable, Equatable, Sendable {
    package var created: String?
    package var author: String?
    package var architecture: String
    package var os: String
    /// With what a container of it starts unless told otherwise.
    package var config: ImageConfig?
    package var rootfs: RootFS
    package var history: [Step]?

    package init(architecture: String, layers: [BlobDigest]) {
        self.architecture = architecture
        os = "linux"
        rootfs = RootFS(type: "layers", diffIDs: layers)
    }

    package struct RootFS: Codable, Equatable, Sendable {
        package var type: String
        /// The digests of the layers' archives as they are unpacked: the lowest first.
        package var diffIDs: [BlobDigest]

        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    package struct Step: Codable, Equatable, Sendable {
        package var created: String?
        package var createdBy: String?
        package var comment: String?
        package var isEmpty: Bool?

        package init(created: String?, createdBy: String?, isEmpty: Bool?) {
            (self.created, self.createdBy, self.isEmpty) = (created, createdBy, isEmpty)
        }

        enum CodingKeys: String, CodingKey {
            case created
            case createdBy = "created_by"
            case comment
            case isEmpty = "empty_layer"
        }
    }
}

/// The limits on what is believed of an image before anything of it is read.
package enum ImageLimits {
    /// The most bytes of a manifest, an index or a configuration; registries take as many.
    package static let mostText = 4 << 20
    /// The most layers: overlayfs stacks 500.
    package static let mostLayers = 500
    /// The most bytes of a blob.
    package static let mostBlob: Int64 = 64 << 30

    package static let remedy: Message = "write the image again with podman, skopeo or umoci, and import that"
}
