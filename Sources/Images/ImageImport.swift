import Artifacts
import Glibc
import LabCore
import OCI

/// Where an image comes from, as a user names it.
package enum ImageSource: Equatable, Sendable {
    /// An image layout on disk, and the name in it.
    case layout(String, name: String?)
    /// What `docker save` and `podman save` write, as skopeo names it: `docker-archive`, or `oci-archive`.
    case archive(String, transport: String)
    /// A root file system.
    case directory(String)

    private static let archives = ["docker-archive", "oci-archive"]

    /// Whether a word names an image elsewhere by its transport.
    static func isTransport(_ word: String) -> Bool {
        FileTree.transports.contains { word.hasPrefix("\($0):") }
    }

    /// - Throws: `.usage` for another transport, `.input` for what is not there.
    package init(_ word: String) throws(LabError) {
        func place(_ path: String) throws(LabError) -> String {
            do throws(Errno) { return try Files.realPath(path) } catch {
                throw LabError(
                    .input, "cannot import \(ForeignText.quoted(word))", cause: "\(error)",
                    remedy: "name a file or directory that is there")
            }
        }
        if word.hasPrefix("oci:") {
            let rest = word.dropFirst(4)
            // The name may have colons, and so may the directory: what is there decides.
            for end in rest.indices.filter({ rest[$0] == ":" }) + [rest.endIndex] {
                guard let layout = try? place(String(rest[..<end])), Files.exists("\(layout)/index.json")
                else {
                    continue
                }
                let name = rest[end...].dropFirst()
                self = .layout(layout, name: name.isEmpty ? nil : String(name))
                return
            }
            throw LabError(
                .input, "cannot import \(ForeignText.quoted(word))",
                cause: "there is no directory with an index.json",
                remedy: "name an image layout: oci:DIR or oci:DIR:NAME")
        } else if let transport = Self.archives.first(where: { word.hasPrefix("\($0):") }) {
            let path = String(word.dropFirst(transport.utf8.count + 1))
            let file = try place(path)
            guard !Files.isDirectory(file) else {
                throw LabError(
                    .input, "cannot import \(ForeignText.quoted(word))", cause: "it is a directory",
                    remedy: "name an image layout: oci:DIR or oci:DIR:NAME")
            }
            self = .archive(file, transport: transport)
        } else {
            // As `--image` names one.
            let directory = try place(
                word.hasPrefix("rootfs:") ? String(word.dropFirst("rootfs:".utf8.count)) : word)
            guard Files.isDirectory(directory) else {
                throw LabError(
                    .usage, "cannot import \(ForeignText.quoted(word))", cause: "it is no directory",
                    remedy: "of an archive that docker or podman saved say docker-archive:FILE")
            }
            self = .directory(directory)
        }
    }

    /// The name of its image where the user gives none.
    var defaultName: String? {
        switch self {
        case .layout(let path, let name): return name ?? Self.base(path)
        case .archive(let path, _):
            let base = Self.base(path)
            return [".tar.gz", ".tgz", ".tar"].first(where: base.hasSuffix).map {
                String(base.dropLast($0.count))
            } ?? base
        case .directory(let path): return Self.base(path)
        }
    }

    /// The same with the file or directory that it is in, so that two of one tag are two images.
    var wholeName: String {
        if case .layout(let path, let name?) = self { return "\(Self.base(path)):\(name)" }
        return defaultName ?? ""
    }

    private static func base(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? ""
    }
}

extension ImageStore {
    /// Brings in what a run names by its transport, as `imported/NAME`: the user's own names stay as they are.
    func add(onTheWay word: String) throws(LabError) -> Image {
        let source = try ImageSource(word)
        let name = "imported/\(source.wholeName)"
        return try add(source, as: (try? Self.nameChecked(name)) ?? "imported/\(word.shortHash)")
    }

    /// Brings an image in and names it; an image that had the name before loses it.
    /// - Parameters:
    ///   - given: the name; that of the source where nil.
    ///   - latest: of a directory's files, the last time they may have.
    /// - Throws: `.data` for what is no image, or is damaged; nothing is left then.
    package func add(_ source: ImageSource, as given: String?, latest: time_t? = nil) throws(LabError)
        -> Image
    {
        let name = try Self.nameChecked(given ?? source.defaultName ?? "")
        let staging = try Staging(in: self)
        switch source {
        case .layout(let layout, let wanted):
            return try add(layout: layout, wanted, as: name, staging, isOurs: false)
        case .archive(let file, let transport):
            // By a name of ours: a colon in the file's would end it.
            let link = "\(staging.path)/archive"
            guard symlink(file, link) == 0 else {
                throw LabError(.output, "cannot make \(link)", cause: "\(Errno(errno))")
            }
            // What the user gave is converted, and comes from nowhere: nobody's policy is asked.
            try Skopeo.copy(
                [
                    "--insecure-policy", "copy", "--quiet", Skopeo.asTheyAre, "\(transport):archive",
                    "oci:layout:image",
                ],
                in: staging.path, "cannot import \(ForeignText.quoted(file))",
                remedy:
                    "save it again with docker save or podman save, or name what it is: docker-archive, oci-archive"
            )
            return try add(layout: "\(staging.path)/layout", nil, as: name, staging, isOurs: true)
        case .directory(let directory):
            return try add(directory: directory, latest: latest, as: name, staging)
        }
    }

    /// Brings in a directory as an image of one layer.
    /// - Parameter describe: what its configuration is to say besides.
    func add(
        directory: String, latest: time_t?, as name: String, _ staging: Staging,
        describe: (inout ImageSpec) -> Void = { _ in }
    ) throws(LabError) -> Image {
        let path = "\(staging.path)/layer"
        try LayerWriter.write(directory, to: path, latest: latest)
        guard let digest = BlobDigest(hex: try Digest.sha256(file: path)) else {
            throw LabError(.software, "SHA-256")
        }
        var status = stat()
        lstat(path, &status)
        let layer = Descriptor(mediaType: MediaType.layer, digest: digest, size: Int64(status.st_size))
        try Self.move(path, to: "\(staging.path)/\(digest.hex)")
        var configuration = ImageSpec(architecture: Self.architecture, layers: [digest])
        describe(&configuration)
        let config = try write(configuration, MediaType.config, staging)
        let manifest = ImageManifest(config: config, layers: [layer])
        var descriptor = try write(manifest, MediaType.manifest, staging)
        return try keep(&descriptor, manifest, as: name, staging)
    }

    /// Pulls an image from a registry by skopeo, with its authentication, mirrors and policy.
    /// - Parameter reference: as skopeo takes it; `docker://` where it has no transport.
    package func pull(_ reference: String, as given: String?, tlsVerify: Bool) throws(LabError) -> Image {
        let name = try Self.nameChecked(given ?? Self.withoutTransport(reference))
        let staging = try Staging(in: self)
        try Skopeo.copy(
            [
                "copy", "--quiet", Skopeo.asTheyAre, "--src-tls-verify=\(tlsVerify)",
                Self.withTransport(reference),
                "oci:layout:image",
            ],
            in: staging.path, "cannot pull \(ForeignText.quoted(reference))",
            remedy:
                "try it by hand: skopeo inspect \(ShellText.quote(Self.withTransport(reference))); a registry without a certificate takes --tls-verify false"
        )
        return try add(layout: "\(staging.path)/layout", nil, as: name, staging, isOurs: true)
    }

    /// Pushes an image by skopeo, with the same digests where the destination can hold them.
    /// - Parameter compresses: as skopeo does it of its own accord: then the digests are others.
    package func push(
        _ reference: String, to destination: String, tlsVerify: Bool, compresses: Bool = false
    ) throws(LabError) {
        let name = try find(reference).name
        let target = Self.withTransport(destination)
        let keepsDigests = !compresses && ["docker://", "oci:", "dir:"].contains(where: target.hasPrefix)
        try Skopeo.copy(
            ["copy", "--quiet", "--dest-tls-verify=\(tlsVerify)"]
                + (keepsDigests ? ["--preserve-digests"] : [])
                + ["oci:\(directory):\(name)", target],
            in: ".", "cannot push to \(ForeignText.quoted(destination))",
            remedy:
                "see that it can be written to, and who may: skopeo login; a registry without a certificate takes --tls-verify false"
        )
    }

    /// skopeo's transports, containers-transports(5).
    private static let transports = [
        "docker://", "oci:", "oci-archive:", "docker-archive:", "docker-daemon:", "containers-storage:",
        "dir:",
    ]

    private static func withTransport(_ reference: String) -> String {
        transports.contains(where: reference.hasPrefix) ? reference : "docker://\(reference)"
    }

    private static func withoutTransport(_ reference: String) -> String {
        String(reference.dropFirst(transports.first(where: reference.hasPrefix)?.count ?? 0))
    }

    // MARK: layouts

    /// - Parameter isOurs: whether its files may be moved instead of being copied.
    private func add(
        layout: String, _ wanted: String?, as name: String, _ staging: Staging, isOurs: Bool
    ) throws(LabError) -> Image {
        let index = try ImageIndex(
            json: try Files.read("\(layout)/index.json", limit: ImageLimits.mostText),
            of: "\(layout)/index.json")
        var descriptor = try Self.choose(index, wanted, of: layout)
        let manifest = try ImageManifest(json: try Self.text(of: descriptor, in: layout), of: layout)
        _ = try ImageSpec(
            json: try Self.text(of: manifest.config, in: layout), of: layout, layers: manifest.layers.count)
        var taken: Set<BlobDigest> = []
        for blob in [descriptor, manifest.config] + manifest.layers where taken.insert(blob.digest).inserted {
            try Self.take(blob, from: layout, to: "\(staging.path)/\(blob.digest.hex)", isOurs)
        }
        return try keep(&descriptor, manifest, as: name, staging)
    }

    /// The manifest that a name stands for in a layout; of several architectures, this machine's.
    private static func choose(
        _ index: ImageIndex, _ wanted: String?, of layout: String
    ) throws(LabError) -> Descriptor {
        func refused(_ cause: Message, _ remedy: Message) -> LabError {
            LabError(.input, "cannot choose an image of \(layout)", cause: cause, remedy: remedy)
        }
        let images = index.manifests.filter {
            MediaType.manifests.union(MediaType.indices).contains($0.mediaType)
        }
        let named = wanted.map { wanted in images.filter { $0.name == wanted } } ?? images
        let names = Message.names(images.compactMap { $0.name.map { ForeignText.line($0, most: 60) } })
        guard let first = named.first else {
            throw refused(
                wanted.map { "it has none of the name \(ForeignText.quoted($0))" } ?? "it has none",
                "it has these names: \(names)")
        }
        let ours = named.filter {
            $0.platform.map { $0.os == "linux" && $0.architecture == architecture } ?? true
        }
        if named.count > 1, ours.count != 1 {
            throw refused("it has several", "name one of them, oci:DIR:NAME: \(names)")
        }
        let descriptor = ours.first ?? first
        guard MediaType.indices.contains(descriptor.mediaType) else { return descriptor }
        let inner = try ImageIndex(json: try text(of: descriptor, in: layout), of: layout)
        guard
            let manifest = inner.manifests.first(where: {
                MediaType.manifests.contains($0.mediaType) && $0.platform?.os == "linux"
                    && $0.platform?.architecture == architecture
            })
        else {
            throw LabError(
                .unavailable, "cannot choose an image of \(layout)",
                cause: "it has none for linux/\(architecture), which this machine is")
        }
        return manifest
    }

    /// Copies a blob of somebody else's layout, hashed on its way; never more of it than its descriptor says.
    private static func take(
        _ blob: Descriptor, from layout: String, to path: String, _ isOurs: Bool
    ) throws(LabError) {
        let original = "\(layout)/blobs/sha256/\(blob.digest.hex)"
        var digest = Digest.Stream()
        var left = blob.size
        do {
            let source = try FileDescriptor.openRegular(original)
            let target = isOurs ? nil : try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
            while left >= 0 {
                let chunk = try source.read(upTo: 1 << 20)
                if chunk.isEmpty { break }
                left -= Int64(chunk.count)
                digest.add(chunk)
                try target?.writeAll(chunk)
                try Interrupt.ofProcess.check()
            }
        } catch let error as LabError {
            throw error
        } catch {
            let room = (error as? Errno).flatMap { FullFileSystem.remedy($0, at: path) }
            throw LabError(
                room == nil ? .input : .output, "cannot copy the blob \(blob.digest)", cause: "\(error)",
                remedy: room ?? ImageLimits.remedy)
        }
        guard left == 0, digest.end() == blob.digest.hex else {
            throw LabError(
                .data, "the blob \(blob.digest) of \(layout) is damaged",
                cause: "its bytes are not those that its digest is of", remedy: "make it again")
        }
        if isOurs { try move(original, to: path) }
    }

    private func write(
        _ value: some Encodable, _ mediaType: String, _ staging: Staging
    ) throws(LabError) -> Descriptor {
        let bytes = Array(try SpecText.encode(value).utf8)
        guard let digest = BlobDigest(hex: Digest.sha256(bytes)) else {
            throw LabError(.software, "SHA-256")
        }
        try Files.write(bytes, to: "\(staging.path)/\(digest.hex)")
        return Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count))
    }

    private static func move(_ path: String, to target: String) throws(LabError) {
        guard rename(path, target) == 0 else {
            throw LabError(.output, "cannot make \(target)", cause: "\(Errno(errno))")
        }
    }

    /// Puts what was staged into its place and names it, in one moment for whoever collects.
    private func keep(
        _ descriptor: inout Descriptor, _ manifest: ImageManifest, as name: String, _ staging: Staging
    ) throws(LabError) -> Image {
        descriptor.name = name
        let new = descriptor
        var old: Descriptor?
        try changeIndex { index throws(LabError) in
            for blob in Set((manifest.layers + [manifest.config, new]).map(\.digest)) {
                try Self.move("\(staging.path)/\(blob.hex)", to: path(of: blob))
            }
            old = index.manifests.first { $0.name == name }
            index.manifests.removeAll { $0.name == name }
            index.manifests.append(new)
        }
        var image = try image(name)
        if let old, old.digest != new.digest { image.replaced = old.digest }
        return image
    }

    /// A name as a layout may have one: annotations.md, `org.opencontainers.image.ref.name`.
    static func nameChecked(_ name: String) throws(LabError) -> String {
        var before = UInt8(ascii: "/")
        var isName = !name.isEmpty && name.utf8.count <= 255
        for byte in Array(name.utf8) + [UInt8(ascii: "/")] {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: break
            // Two hyphens are one separator.
            case UInt8(ascii: "-") where before == byte: break
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
                UInt8(ascii: "@"),
                UInt8(ascii: "+"), UInt8(ascii: "/"):
                if "/-._:@+".utf8.contains(before) { isName = false }
            default: isName = false
            }
            before = byte
        }
        guard isName else {
            throw LabError(
                .usage, "\(ForeignText.quoted(name)) is no name of an image",
                cause: "a name has letters and digits, with / - . _ : @ + between them",
                remedy: "give one with --name")
        }
        return name
    }
}

/// skopeo(1), which knows registries and other tools' archives.
enum Skopeo {
    private static let program = "skopeo"
    /// Layers that nobody compressed stay so, and with them the image's digest.
    static let asTheyAre = "--dest-oci-accept-uncompressed-layers"
    /// A gigabyte at 300 KB/s.
    private static let patience = Duration.seconds(3_600)

    /// - Parameter remedy: where it is there and fails.
    /// - Throws: `.unavailable` where it is missing, or with what it said; `.output` where there is no room.
    static func copy(
        _ words: [String], in directory: String, _ what: Message, remedy: Message
    ) throws(LabError) {
        guard Tool.find(program) != nil else {
            throw LabError(
                .unavailable, what, cause: "\(program) is not installed",
                remedy: "apt-get install \(program)",
                detail: .notInstalled)
        }
        let output = try Tool.run(
            program, words, in: directory, deadline: .now().advanced(by: patience))
        guard output.status == 0 else {
            let last = output.text.split(separator: "\n").last ?? ""
            let isFull = FullFileSystem.line(in: output.text) != nil
            throw LabError(
                isFull ? .output : .unavailable, what,
                cause: "\(program): \(ForeignText.line(said(in: String(last)), most: 400))",
                remedy: isFull ? FullFileSystem.remedyOfTools : remedy)
        }
    }

    /// What a line of its log says, without time and level; the line itself where it is none.
    static func said(in line: String) -> String {
        guard let start = line.firstRange(of: " msg=\""), line.hasSuffix("\"") else { return line }
        return String(line[start.upperBound...].dropLast().replacing("\\\"", with: "\""))
    }
}
