import Artifacts
import Glibc
import LabCore
import OCI
import Testing

@testable import Images

/// Other tools read what we wrote, and we read what they wrote.
@Suite(.enabled(if: isRoot, "takes root")) struct ImageToolsTests {
    private func run(_ program: String, _ words: [String], _ scratch: Scratch) throws -> String {
        let output = try Tool.run(
            program, words, in: scratch.path, deadline: .now().advanced(by: .seconds(300)))
        try #require(output.status == 0, "\(program) \(words): \(output.text)")
        return output.text.trimmingWhitespace()
    }

    /// A store with an image: one that was imported, and one that was built.
    private func image(_ scratch: Scratch, isBuilt: Bool) throws -> (ImageStore, StoredTree) {
        let store = try ImageStore(paths: scratch.paths)
        if isBuilt {
            try Files.makeDirectory("\(scratch.path)/recipe/d")
            try Files.write("x", to: "\(scratch.path)/recipe/d/f", mode: 0o755)
            try checked { symlink("d/f", "\(scratch.path)/recipe/ä") }
            let recipe = ImageRecipe(
                files: [
                    .init(source: ".", target: "/srv"),
                    .init(source: "d/f", target: "/usr/bin/su", mode: 0o4755),
                ], config: ImageConfig(environment: ["A=b"], user: "7", command: ["/usr/bin/su"]))
            let build = ImageBuild(
                recipe, in: "\(scratch.path)/recipe", epoch: 1_000_000, run: { (_) throws(LabError) in })
            _ = try store.build(build, as: "ours")
            return (store, try store.tree(of: "ours"))
        }
        try scratch.layout([
            TarFile().adding("d/f", data: "x").adding("ä", "2", link: "d/f").adding("gone", data: "x").whole,
            TarFile().adding("h", mode: 0o4755, data: "h").adding("d/h", "1", link: "h").adding(".wh.gone")
                .whole,
        ])
        _ = try store.add(try ImageSource("oci:\(scratch.path)/layout"), as: "ours")
        return (store, try store.tree(of: "ours"))
    }

    @Test(
        "skopeo reads our store, and what it writes with gzip and zstd is the same tree",
        .enabled(if: Tool.find("skopeo") != nil, "skopeo is not installed"),
        arguments: [false, true])
    func skopeo(isBuilt: Bool) throws {
        let scratch = try Scratch()
        let (store, tree) = try image(scratch, isBuilt: isBuilt)
        let ours = "oci:\(store.directory):ours"
        let digest = try run("skopeo", ["inspect", "--format", "{{.Digest}}", ours], scratch)
        #expect(digest == "\(try store.image("ours").descriptor.digest)")
        for format in ["gzip", "zstd"] {
            _ = try run(
                "skopeo",
                [
                    "--insecure-policy", "copy", "--dest-compress", "--dest-compress-format", format, ours,
                    "dir:\(format)",
                ],
                scratch)
            _ = try run(
                "skopeo", ["--insecure-policy", "copy", "dir:\(format)", "oci:\(format)-layout:x"], scratch)
            let image = try store.add(try ImageSource("oci:\(scratch.path)/\(format)-layout:x"), as: format)
            #expect(image.manifest.layers.allSatisfy { $0.mediaType.hasSuffix(format) }, "\(image.manifest)")
            #expect(try store.tree(of: format).digest == tree.digest)
        }
        try store.push("ours", to: "docker-archive:\(scratch.path)/saved.tar", tlsVerify: true)
        _ = try store.add(try ImageSource("docker-archive:\(scratch.path)/saved.tar"), as: nil)
        #expect(try store.tree(of: "saved").digest == tree.digest)
        try store.push("ours", to: "oci:\(scratch.path)/pushed:x", tlsVerify: true)
        let pushed = try store.add(try ImageSource("oci:\(scratch.path)/pushed:x"), as: "pushed")
        #expect("\(pushed.descriptor.digest)" == digest)
    }

    @Test(
        "umoci unpacks our store, and what it packs is the same tree",
        .enabled(if: Tool.find("umoci") != nil, "umoci is not installed"),
        arguments: [false, true])
    func umoci(isBuilt: Bool) throws {
        let scratch = try Scratch()
        let (store, tree) = try image(scratch, isBuilt: isBuilt)
        _ = try run("umoci", ["unpack", "--image", "\(store.directory):ours", "bundle"], scratch)
        #expect(try MergedTree.digest(["\(scratch.path)/bundle/rootfs"], interrupt: .never) == tree.digest)
        _ = try run("umoci", ["init", "--layout", "theirs"], scratch)
        _ = try run("umoci", ["new", "--image", "theirs:x"], scratch)
        _ = try run("umoci", ["insert", "--image", "theirs:x", "bundle/rootfs", "/"], scratch)
        _ = try store.add(try ImageSource("oci:\(scratch.path)/theirs:x"), as: "umoci")
        #expect(try store.tree(of: "umoci").digest == tree.digest)
    }

    @Test(
        "podman pulls from our store by the same digest, and what it saves is the same tree",
        .enabled(
            if: Tool.find("podman") != nil && Tool.find("skopeo") != nil, "podman or skopeo is not installed"),
        arguments: [false, true])
    func podman(isBuilt: Bool) throws {
        let scratch = try Scratch()
        let (store, tree) = try image(scratch, isBuilt: isBuilt)
        let own = [
            "--root", "\(scratch.path)/podman", "--runroot", "\(scratch.path)/run", "--storage-driver", "vfs",
        ]
        let id = try run("podman", own + ["pull", "--quiet", "oci:\(store.directory):ours"], scratch)
        let digest = try run("podman", own + ["image", "inspect", "--format", "{{.Digest}}", id], scratch)
        #expect(digest == "\(try store.image("ours").descriptor.digest)")
        for (format, source) in [("docker-archive", "docker-archive:"), ("oci-dir", "oci:")] {
            _ = try run(
                "podman", own + ["save", "--quiet", "--format", format, "--output", format, id], scratch)
            _ = try store.add(try ImageSource("\(source)\(scratch.path)/\(format)"), as: format)
            #expect(try store.tree(of: format).digest == tree.digest)
        }
    }
}
