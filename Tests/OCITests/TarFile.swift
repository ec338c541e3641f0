import Artifacts
import Foundation
import Glibc
import LabCore
import OCI

@testable import Images

/// An archive written by hand, so that it can hold what no tool writes: ustar headers (POSIX.1, pax).
struct TarFile {
    private(set) var bytes: [UInt8] = []

    /// - Parameter type: `0` file, `1` hard link, `2` link, `3` and `4` devices, `5` directory, `6` FIFO, `x` pax.
    func adding(
        _ name: [UInt8], _ type: Character = "0", mode: Int = 0o644, size: Int? = nil, link: [UInt8] = [],
        data: [UInt8] = [], major: Int = 0, minor: Int = 0
    ) -> TarFile {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ value: [UInt8], _ place: Int, _ most: Int) {
            for (offset, byte) in value.prefix(most).enumerated() { header[place + offset] = byte }
        }
        func octal(_ value: Int, _ digits: Int) -> [UInt8] {
            let text = String(value, radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
        }
        put(name, 0, 100)
        put(octal(mode, 7), 100, 7)
        put(octal(0, 7), 108, 7)
        put(octal(0, 7), 116, 7)
        put(octal(size ?? data.count, 11), 124, 11)
        put(octal(1_000_000, 11), 136, 11)
        put(Array(type.utf8), 156, 1)
        put(link, 157, 100)
        put(Array("ustar\0".utf8) + [0x30, 0x30], 257, 8)
        put(octal(major, 7), 329, 7)
        put(octal(minor, 7), 337, 7)
        put([UInt8](repeating: 0x20, count: 8), 148, 8)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + [0], 148, 7)
        var file = self
        file.bytes += header + data
        file.bytes += [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
        return file
    }

    func adding(
        _ name: String, _ type: Character = "0", mode: Int = 0o644, size: Int? = nil, link: String = "",
        data: String = "", major: Int = 0, minor: Int = 0
    ) -> TarFile {
        adding(
            Array(name.utf8), type, mode: mode, size: size, link: Array(link.utf8), data: Array(data.utf8),
            major: major, minor: minor)
    }

    /// Says something of the next entry that its header has no room for.
    func saying(_ key: String, _ value: String) -> TarFile {
        let rest = " \(key)=\(value)\n"
        var count = rest.utf8.count + 1
        while "\(count)".utf8.count + rest.utf8.count > count { count += 1 }
        return adding("pax", "x", data: "\(count)\(rest)")
    }

    /// A file of so many bytes, of which not one is in the archive (GNU tar, sparse format 1.0).
    func addingHole(_ name: String, size: Int) -> TarFile {
        saying("GNU.sparse.major", "1").saying("GNU.sparse.minor", "0").saying(
            "GNU.sparse.realsize", "\(size)"
        )
        .adding(name, data: "0\n" + String(repeating: "\0", count: 510))
    }

    /// With its two blocks at the end.
    var whole: [UInt8] { bytes + [UInt8](repeating: 0, count: 1_024) }
}

/// A directory of one test, removed at its end.
final class Scratch: Sendable {
    let path: String

    init() throws {
        // In lower case: podman makes a name of an image of it.
        path = "/tmp/lab-test-\(String(UInt64.random(in: 0 ... .max), radix: 16))"
        guard mkdir(path, 0o700) == 0 else { throw Errno(errno) }
    }

    deinit { try? Files.removeTree(path) }

    var paths: LabPaths { LabPaths(cache: "\(path)/cache", state: "\(path)/state") }

    /// Unpacks an archive into `layer`, which is looked at then.
    func unpack(
        _ archive: [UInt8], packedAs blob: [UInt8]? = nil, limits: LayerLimits = LayerLimits()
    ) throws(LabError) {
        let blob = blob ?? archive
        try Files.write(blob, to: "\(path)/blob")
        try Files.makeDirectory("\(path)/layer")
        guard let diffID = BlobDigest(hex: Digest.sha256(archive)),
            let digest = BlobDigest(hex: Digest.sha256(blob))
        else { return }
        try LayerUnpacker.unpack(
            "\(path)/blob", Descriptor(mediaType: MediaType.layer, digest: digest, size: Int64(blob.count)),
            diffID: diffID, into: "\(path)/layer", limits: limits, interrupt: .never)
    }

    /// Writes an image layout, `layout`, with such layers.
    func layout(
        _ layers: [[UInt8]], name: String = "image", settings: ImageConfig? = nil,
        architecture: String = ImageStore.architecture
    )
        throws
    {
        let blobs = "\(path)/layout/blobs/sha256"
        try Files.makeDirectory(blobs)
        func blob(_ bytes: [UInt8], _ type: String) throws -> Descriptor {
            let hex = Digest.sha256(bytes)
            try Files.write(bytes, to: "\(blobs)/\(hex)")
            guard let digest = BlobDigest(hex: hex) else { throw Errno(EINVAL) }
            return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
        }
        let descriptors = try layers.map { try blob($0, MediaType.layer) }
        var configuration = ImageSpec(
            architecture: architecture, layers: descriptors.map(\.digest))
        configuration.config = settings
        let config = try blob(Array(SpecText.encode(configuration).utf8), MediaType.config)
        let manifest = ImageManifest(config: config, layers: descriptors)
        var index = ImageIndex()
        var descriptor = try blob(Array(SpecText.encode(manifest).utf8), MediaType.manifest)
        descriptor.name = name
        index.manifests = [descriptor]
        try Files.write(SpecText.encode(index), to: "\(path)/layout/index.json")
        try Files.write(#"{"imageLayoutVersion":"1.0.0"}"#, to: "\(path)/layout/oci-layout")
    }
}

let isRoot = geteuid() == 0
