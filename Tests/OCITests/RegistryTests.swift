import Glibc
import LabCore
import OCI
import Testing

@testable import Images

@Suite(
    .enabled(if: isRoot, "takes root"),
    .enabled(
        if: LoopbackRegistry.isInstalled && Tool.find("skopeo") != nil,
        "docker-registry or skopeo is not installed"))
struct RegistryTests {
    /// A store with an image of 8 MB that no compression makes smaller.
    private func image(_ scratch: Scratch) throws -> (ImageStore, ImageStore.Image) {
        var generator = SeededGenerator(seed: 5)
        let bytes = (0..<1 << 20).flatMap { _ in
            withUnsafeBytes(of: UInt64.random(in: 0 ... .max, using: &generator)) { Array($0) }
        }
        try Files.makeDirectory("\(scratch.path)/recipe")
        try Files.write(bytes, to: "\(scratch.path)/recipe/data")
        let store = try ImageStore(paths: scratch.paths)
        let recipe = ImageRecipe(
            files: [.init(source: "data", target: "/data")], config: ImageConfig(command: ["/data"]))
        let build = ImageBuild(
            recipe, in: "\(scratch.path)/recipe", epoch: 0, run: { (_) throws(LabError) in })
        return (store, try store.build(build, as: "built"))
    }

    @Test("What is pushed to a registry is pulled from there, by others too, with the same digests")
    func pushAndPull() throws {
        let (scratch, other) = (try Scratch(), try Scratch())
        let (store, image) = try image(scratch)
        let registry = try LoopbackRegistry(in: scratch.path)
        let reference = "127.0.0.1:\(registry.port)/lab/built:1"
        try store.push("built", to: reference, tlsVerify: false)
        let theirs = try ImageStore(paths: other.paths)
        let pulled = try theirs.pull(reference, as: nil, tlsVerify: false)
        #expect(pulled.name == reference && pulled.descriptor.digest == image.descriptor.digest)
        #expect(try theirs.tree(of: reference).digest == store.tree(of: "built").digest)
        #expect(pulled.configuration.config?.command == ["/data"])
        func digest(_ words: [String]) throws -> String {
            let output = try Tool.run(
                words[0], Array(words.dropFirst()), in: scratch.path,
                deadline: .now().advanced(by: .seconds(120)))
            try #require(output.status == 0, "\(words): \(output.text)")
            return output.text.trimmingWhitespace()
        }
        #expect(
            try digest([
                "skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", "docker://\(reference)",
            ]) == "\(image.descriptor.digest)")
        guard Tool.find("podman") != nil else { try Test.cancel("podman is not installed") }
        let podman = [
            "podman", "--root", "\(scratch.path)/podman", "--runroot", "\(scratch.path)/run",
            "--storage-driver", "vfs",
        ]
        let id = try digest(podman + ["pull", "--quiet", "--tls-verify=false", reference])
        #expect(
            try digest(podman + ["image", "inspect", "--format", "{{.Digest}}", id])
                == "\(image.descriptor.digest)")
    }

    @Test("A registry that stops half-way is an error in skopeo's words, and nothing is left of the half")
    func stopsHalfWay() throws {
        let (scratch, other) = (try Scratch(), try Scratch())
        let (store, image) = try image(scratch)
        let registry = try LoopbackRegistry(in: scratch.path)
        let up = try CountedWay(to: registry.port, breakingAfter: 2 << 20)
        defer { up.end() }
        let pushed = #expect(throws: LabError.self) {
            try store.push("built", to: "127.0.0.1:\(up.port)/lab/built:1", tlsVerify: false)
        }
        #expect(pushed?.kind == .unavailable && pushed?.reason.english.contains("cannot push to") == true)
        #expect(try store.image("built").descriptor == image.descriptor)

        try store.push("built", to: "127.0.0.1:\(registry.port)/lab/built:1", tlsVerify: false)
        let down = try CountedWay(to: registry.port, breakingAfter: 2 << 20)
        defer { down.end() }
        let theirs = try ImageStore(paths: other.paths)
        let pulled = #expect(throws: LabError.self) {
            try theirs.pull("127.0.0.1:\(down.port)/lab/built:1", as: nil, tlsVerify: false)
        }
        #expect(pulled?.kind == .unavailable && pulled?.reason.english.contains("skopeo: ") == true)
        #expect(try theirs.names().isEmpty)
        #expect(
            Files.list("\(theirs.directory)/blobs/sha256") + Files.list("\(theirs.directory)/staging") == [])
    }
}
