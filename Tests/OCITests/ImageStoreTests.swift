import Artifacts
import Glibc
import LabCore
import OCI
import Testing

@testable import Images

@Suite struct ImageStoreTests {
    private func directory(_ scratch: Scratch) throws -> String {
        let root = "\(scratch.path)/root"
        try Files.makeDirectory("\(root)/etc")
        try Files.write("x", to: "\(root)/etc/x")
        #expect(link("\(root)/etc/x", "\(root)/hard") == 0)
        #expect(symlink("/nowhere", "\(root)/link") == 0)
        return root
    }

    @Test("The same directory gives the same digest, whatever its files' times beyond SOURCE_DATE_EPOCH")
    func deterministic() throws {
        let scratch = try Scratch()
        let source = try ImageSource(try directory(scratch))
        let store = try ImageStore(paths: scratch.paths)
        let first = try store.add(source, as: "a", latest: 1_000_000)
        utimes("\(scratch.path)/root/etc/x", nil)
        let second = try store.add(source, as: "b", latest: 1_000_000)
        #expect(first.descriptor.digest == second.descriptor.digest)
        #expect(try store.layers(of: first).map(\.sharedWith) == [["b"]])
        try Files.write("y", to: "\(scratch.path)/root/etc/x")
        #expect(
            try store.add(source, as: "b", latest: 1_000_000).descriptor.digest != first.descriptor.digest)
    }

    @Test("An image is found by its name and the beginning of its digest, and no other way")
    func names() throws {
        let scratch = try Scratch()
        let store = try ImageStore(paths: scratch.paths)
        let image = try store.add(try ImageSource(try directory(scratch)), as: "mine:latest")
        for word in [
            "mine", "mine:latest", String(image.descriptor.digest.hex.prefix(8)),
            "\(image.descriptor.digest)",
        ] {
            #expect(try store.find(word).name == "mine:latest")
        }
        for word in ["min", "", String(image.descriptor.digest.hex.prefix(3)), "../mine", "mine:latest\0"] {
            #expect(throws: LabError.self) { try store.find(word) }
        }
        for word in [
            "", "/a", "a/", "a//b", "../a", "a..b", "-a", "a:", "a b", "ä",
            String(repeating: "a", count: 256),
        ] {
            #expect(throws: LabError.self) { try ImageStore.nameChecked(word) }
        }
        for word in ["a", "example.org/library/debian:12", "a--b", "localhost:5000/x@sha256:00"] {
            #expect(try ImageStore.nameChecked(word) == word)
        }
    }

    @Test(
        "What a manifest or configuration says is held to its limits",
        arguments: [
            #"{"schemaVersion":1,"config":{"mediaType":"c","digest":"D","size":1},"layers":[]}"#,
            #"{"schemaVersion":2,"config":{"mediaType":"c","digest":"sha256:../../x","size":1},"layers":[]}"#,
            #"{"schemaVersion":2,"config":{"mediaType":"c","digest":"D","size":-1},"layers":[]}"#,
            #"{"schemaVersion":2,"config":{"mediaType":"c","digest":"D","size":1e30},"layers":[]}"#,
            #"{"schemaVersion":2,"config":{"mediaType":"c","digest":"D","size":1},"layers":[{"mediaType":"x","digest":"D","size":1}]}"#,
            #"{"schemaVersion":2}"#, "[]", "", "\u{0}",
        ])
    func manifests(_ text: String) {
        let json = text.replacing("D", with: "sha256:" + String(repeating: "0", count: 64))
        let error = #expect(throws: LabError.self) { try ImageManifest(json: Array(json.utf8), of: "m") }
        #expect(error?.kind == .data)
    }

    @Test("Whatever is changed in a manifest or a configuration, it is read within the limits or refused")
    func fuzz() throws {
        let zeros = try #require(BlobDigest(hex: String(repeating: "0", count: 64)))
        let blob = Descriptor(mediaType: MediaType.layer, digest: zeros, size: 5)
        let manifest = Array(try SpecText.encode(ImageManifest(config: blob, layers: [blob])).utf8)
        let config = Array(
            try SpecText.encode(ImageSpec(architecture: "amd64", layers: [zeros])).utf8)
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2_000 {
            func changed(_ bytes: [UInt8]) -> [UInt8] {
                var bytes = bytes
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let place = Int.random(in: 0..<bytes.count, using: &generator)
                    bytes[place] =
                        Bool.random(using: &generator)
                        ? UInt8.random(in: 0...255, using: &generator) : bytes[bytes.count - 1 - place]
                }
                return bytes
            }
            if let read = try? ImageManifest(json: changed(manifest), of: "m") {
                #expect(
                    read.layers.allSatisfy {
                        (0...ImageLimits.mostBlob).contains($0.size) && $0.digest.hex.utf8.count == 64
                    })
                #expect(try ImageManifest(json: Array(SpecText.encode(read).utf8), of: "m") == read)
            }
            if let read = try? ImageSpec(json: changed(config), of: "c", layers: 1) {
                #expect(read.rootfs.diffIDs.count == 1)
            }
        }
    }

    @Test(
        "A tree has one digest, of its layers and of what overlayfs makes of them",
        .enabled(if: isRoot, "takes root"))
    func overlay() throws {
        let scratch = try Scratch()
        let lower = TarFile().adding("gone", data: "x").adding("d/below", data: "x").adding(
            "kept/a", data: "1"
        )
        .adding("turned/x").saying("SCHILY.xattr.user.a", "b").adding("f", data: "old").whole
        let upper = TarFile().adding(".wh.gone").adding("d/.wh..wh..opq").adding("d/own", data: "y")
            .adding("kept/b", data: "2").adding("turned", "2", link: "f").adding(
                "f", mode: 0o600, data: "new"
            )
            .adding("h", "1", link: "f").adding("p", "6").whole
        let settings = ImageConfig(environment: ["A=b"], command: ["/bin/true"])
        // The lower one twice: overlayfs would refuse it.
        try scratch.layout([upper, lower, upper], settings: settings)
        let store = try ImageStore(paths: scratch.paths)
        _ = try store.add(try ImageSource("oci:\(scratch.path)/layout"), as: "x")
        let tree = try store.tree(of: "x")
        #expect(tree.layers.count == 2)
        #expect(try store.image("x").configuration.config == settings)
        #expect(try MergedTree.digest(tree.layers, interrupt: .never) == tree.digest)
        let merged = "\(scratch.path)/merged"
        try Files.makeDirectory(merged)
        let words = [
            "-t", "overlay", "-o", "ro,lowerdir=\(tree.layers.reversed().joined(separator: ":"))", "none",
            merged,
        ]
        let deadline = MonotonicInstant.now().advanced(by: .seconds(60))
        let mounted = try Tool.run("mount", words, in: "/", deadline: deadline)
        try #require(mounted.status == 0, "\(mounted.text)")
        defer { _ = try? Tool.run("umount", [merged], in: "/", deadline: .now().advanced(by: .seconds(60))) }
        #expect(try MergedTree.digest([merged], interrupt: .never) == tree.digest)
        #expect(Files.list(merged) == ["d", "f", "h", "kept", "p", "turned"])
    }

    @Test("A layer in use stays, and goes when nobody uses it", .enabled(if: isRoot, "takes root"))
    func layersInUse() throws {
        let scratch = try Scratch()
        let store = try ImageStore(paths: scratch.paths)
        _ = try store.add(try ImageSource(try directory(scratch)), as: "x")
        var tree: StoredTree? = try store.tree(of: "x")
        try store.remove(name: "x")
        #expect(try store.collect().busy == 1)
        #expect(tree?.layers.allSatisfy(Files.isDirectory) == true)
        tree = nil
        #expect(try store.collect().layers == 1)
        #expect(Files.list("\(store.directory)/layers") == [])
    }

    @Test("A VM's disk stays while an image has its tree", .enabled(if: isRoot, "takes root"))
    func disksOfImages() throws {
        let scratch = try Scratch()
        let store = try ImageStore(paths: scratch.paths)
        _ = try store.add(try ImageSource(try directory(scratch)), as: "x")
        let digest = try store.tree(of: "x").digest
        let disks = "\(scratch.paths.cache)/disks"
        try Files.makeDirectory(disks)
        for (name, tree) in [("a.erofs", digest), ("b.ext4", "of a directory")] {
            try Files.write("x", to: "\(disks)/\(name)")
            try Files.write("0 \(tree)\n", to: "\(disks)/\(name).sha256")
        }
        #expect(try store.collect().disks == 1)
        #expect(Files.list(disks) == ["a.erofs", "a.erofs.sha256"])
        try store.remove(name: "x")
        #expect(try store.collect().disks == 1)
        #expect(Files.list(disks).isEmpty)
    }

    @Test("An image of another processor is no tree here", .enabled(if: isRoot, "takes root"))
    func otherProcessor() throws {
        let scratch = try Scratch()
        try scratch.layout([TarFile().adding("f", data: "x").whole], architecture: "s390x")
        let store = try ImageStore(paths: scratch.paths)
        _ = try store.add(try ImageSource("oci:\(scratch.path)/layout"), as: "x")
        let error = #expect(throws: LabError.self) { try store.tree(of: "x") }
        #expect(error?.kind == .unavailable)
    }
}
