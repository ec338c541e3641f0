import Artifacts
import ContainerDriver
import Glibc
import LabCore

/// Images as a registry serves them, of layers whose bytes mean nothing.
struct ServedImage {
    /// By digest, `sha256:…`.
    var blobs: [String: [UInt8]] = [:]
    let manifest: [UInt8]
    var digest: String { "sha256:\(Digest.sha256(manifest))" }

    static let mediaType = "application/vnd.oci.image.manifest.v1+json"

    init(_ layers: [[UInt8]], note: String) {
        let type = "application/vnd.oci.image"
        func descriptor(_ kind: String, _ bytes: [UInt8]) -> String {
            #"{"mediaType":"\#(type).\#(kind)","digest":"sha256:\#(Digest.sha256(bytes))","size":\#(bytes.count)}"#
        }
        let ids = layers.map { #""sha256:\#(Digest.sha256($0))""# }.joined(separator: ",")
        let configuration = Array(
            #"{"architecture":"amd64","os":"linux","author":"\#(note)","rootfs":{"type":"layers","diff_ids":[\#(ids)]}}"#
                .utf8)
        let listed = layers.map { descriptor("layer.v1.tar", $0) }.joined(separator: ",")
        manifest = Array(
            #"{"schemaVersion":2,"mediaType":"\#(Self.mediaType)","config":\#(descriptor("config.v1+json", configuration)),"layers":[\#(listed)]}"#
                .utf8)
        for bytes in layers + [configuration] { blobs["sha256:\(Digest.sha256(bytes))"] = bytes }
    }
}

/// Debian's docker-registry in a room of its own, and a proxy before it: nothing of it listens on the host's network.
struct RegistryRoom {
    let proxy: RegistryProxy
    /// The directory of the host's with the proxy's socket.
    let front: String
    private let repository: String

    /// - Throws: `.unavailable` where it is not installed or does not begin to serve.
    static func with<Value>(
        _ name: String, _ images: [String: ServedImage], _ bench: CheckBench,
        _ body: (RegistryRoom) throws(LabError) -> Value
    ) throws(LabError) -> Value {
        for program in ["docker-registry", "curl"] where Tool.find(program) == nil {
            throw LabError(
                .unavailable, "\(program) is not installed", cause: "it is not in PATH",
                remedy: "apt-get install \(program)", detail: .notInstalled)
        }
        var request = RoomRequest([
            "/bin/sh", "-c", "exec docker-registry serve /registry/configuration >/dev/null 2>&1",
        ])
        request.binds = [.init("registry", at: "/registry")]
        let stored = "registry/storage/docker/registry/v2"
        return try Room.with(
            request, bench.context,
            furnish: { (directory) throws(LabError) in
                try Files.makeDirectory("\(directory)/front")
                try Files.makeDirectory("\(directory)/registry")
                try Files.write(configuration, to: "\(directory)/registry/configuration")
                for (tag, image) in images { try lay(image, name, tag, in: "\(directory)/\(stored)") }
            }
        ) { (room) throws(LabError) in
            let socket = "/proc/\(room.pid)/root/tmp/socket"
            let wait = try room.wait(until: bench.deadline) {
                (try? RegistryProxy.connect(to: socket).rawValue) != nil
            }
            guard wait == .met else {
                throw LabError(
                    .unavailable, "docker-registry serves nothing",
                    cause: wait == .late ? "it took too long" : "it ended")
            }
            let front = "\(room.files)/front"
            return try RegistryProxy.with(front, before: socket) { (proxy) throws(LabError) in
                try body(
                    RegistryRoom(
                        proxy: proxy, front: front,
                        repository: "\(room.files)/\(stored)/repositories/\(name)"))
            }
        }
    }

    private static let configuration = """
        version: 0.1
        log: {level: error, accesslog: {disabled: true}}
        storage:
          filesystem: {rootdirectory: /registry/storage}
          maintenance: {uploadpurging: {enabled: false}}
        http: {net: unix, addr: /tmp/socket}

        """

    /// As the registry's file system driver keeps it (registry/storage/paths.go of distribution 2.8).
    private static func lay(
        _ image: ServedImage, _ name: String, _ tag: String, in directory: String
    ) throws(LabError) {
        func link(_ digest: String, _ path: String) throws(LabError) {
            try Files.makeDirectory("\(directory)/repositories/\(name)/\(path)")
            try Files.write(digest, to: "\(directory)/repositories/\(name)/\(path)/link")
        }
        for (digest, bytes) in image.blobs.merging([image.digest: image.manifest], uniquingKeysWith: { $1 }) {
            let hex = digest.dropFirst("sha256:".utf8.count)
            let place = "\(directory)/blobs/sha256/\(hex.prefix(2))/\(hex)"
            try Files.makeDirectory(place)
            try Files.write(bytes, to: "\(place)/data")
            let kind = digest == image.digest ? "_manifests/revisions" : "_layers"
            try link(digest, "\(kind)/sha256/\(hex)")
        }
        try link(image.digest, "_manifests/tags/\(tag)/current")
        try link(
            image.digest,
            "_manifests/tags/\(tag)/index/sha256/\(image.digest.dropFirst("sha256:".utf8.count))")
    }

    /// Lets a tag name another image.
    func move(_ tag: String, to image: ServedImage) throws(LabError) {
        let path = "\(repository)/_manifests/tags/\(tag)/current/link"
        do throws(Errno) {
            // In place: its permissions are not for the caller's umask to say.
            try FileDescriptor.open(path, O_WRONLY | O_TRUNC).writeAll(image.digest.utf8)
        } catch {
            throw LabError(.output, "cannot write \(path)", cause: error)
        }
    }
}
