import Artifacts
import CLinux
import Glibc
import LabCore
import OCI
import Testing

@testable import Images

/// What `--image` names.
@Suite struct NamedTreeTests {
    private func file(_ scratch: Scratch, _ name: String, _ text: String, mode: mode_t = 0o644) throws {
        let path = "\(scratch.path)/\(name)"
        try Files.makeDirectory(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
        try Files.write(text, to: path, mode: mode)
    }

    @Test("A word that names no tree, and a tree without anything in it, are refused")
    func treesAreRefused() throws {
        let scratch = try Scratch()
        try Files.makeDirectory("\(scratch.path)/empty")
        try file(scratch, "file", "x")
        for (word, cause) in [
            ("rootfs:\(scratch.path)/empty", "it is empty"), ("rootfs:", "names no image"),
            ("rootfs:\(scratch.path)/none", "cannot look into"),
            ("rootfs:\(scratch.path)/file", "it is no directory"), ("docker:x", "there is no image"),
            ("docker-archive:\(scratch.path)/none", "cannot import"),
            ("oci-archive:\(scratch.path)", "it is a directory"),
            ("oci:\(scratch.path)", "no directory with an index.json"),
        ] {
            let error = try #require(throws: LabError.self) {
                _ = try FileTree.named(word, paths: scratch.paths)
            }
            #expect(error.reason.english.contains(cause), "\(word): \(error)")
            #expect(throws: error) { try FileTree.look(for: word, paths: scratch.paths) }
        }
        try FileTree.look(for: "rootfs:/", paths: scratch.paths)
        #expect(Files.list("\(scratch.paths.cache)/images/blobs/sha256").isEmpty)
    }

    @Test("A tree's digest is that of its copy, and another once a byte, a mode or a link of it changes")
    func digestsTell() throws {
        let scratch = try Scratch()
        for name in ["one", "two"] {
            try file(scratch, "\(name)/bin/tool", "x", mode: 0o755)
            try checked { symlink("bin", "\(scratch.path)/\(name)/sbin") }
        }
        func digest(_ name: String) throws -> String? {
            try FileTree.named("rootfs:\(scratch.path)/\(name)", paths: scratch.paths).digest
        }
        let first = try digest("one")
        let tool = "two/bin/tool"
        #expect(try first != nil && digest("two") == first)
        try file(scratch, tool, "y", mode: 0o755)
        #expect(try digest("two") != first)
        try file(scratch, tool, "x", mode: 0o755)
        #expect(try digest("two") == first)
        chmod("\(scratch.path)/\(tool)", 0o700)
        #expect(try digest("two") != first)
        chmod("\(scratch.path)/\(tool)", 0o755)
        unlink("\(scratch.path)/two/sbin")
        try checked { symlink("/bin", "\(scratch.path)/two/sbin") }
        #expect(try digest("two") != first)
    }

    @Test(
        "Layers are merged into the tree that they are, by one digest, which is held; what it runs is the image's",
        .enabled(if: isRoot, "takes root"))
    func layersAreMerged() throws {
        let scratch = try Scratch()
        let lower = TarFile().adding("gone", data: "x").adding("d/below", data: "x")
            .adding("kept", "5", mode: 0o700).adding("kept/a", data: "1")
            .adding("h", "1", link: "kept/a").whole
        let upper = TarFile().adding(".wh.gone").adding("d/.wh..wh..opq").adding("d/own", data: "y")
            .saying("SCHILY.xattr.user.a", "b").adding("kept", "5", mode: 0o2750)
            .adding("kept/b", data: "2").whole
        let config = ImageConfig(
            environment: ["A=b"], user: "7", directory: "/d", entrypoint: ["/e"], command: ["c"])
        try scratch.layout([lower, upper], settings: config)
        var tree: FileTree? = try .named("oci:\(scratch.path)/layout:image", paths: scratch.paths)
        let merged = try #require(tree?.merged)
        #expect(
            tree?.reference == "imported/layout:image" && tree?.config == config && tree?.layers.count == 2)
        #expect(try MergedTree.digest([merged], interrupt: .never) == tree?.digest)
        #expect(Files.list(merged) == ["d", "h", "kept"] && Files.list("\(merged)/d") == ["own"])
        var status = (stat(), stat())
        #expect(lstat("\(merged)/kept", &status.0) == 0 && status.0.st_mode & 0o7777 == 0o2750)
        #expect(lgetxattr("\(merged)/kept", "user.a", nil, 0) == 1)
        // Other names of the layer's files: no space.
        #expect(stat("\(merged)/h", &status.0) == 0)
        #expect(stat("\(tree?.layers.first ?? "")/kept/a", &status.1) == 0)
        #expect(status.0.st_ino == status.1.st_ino && status.0.st_dev == status.1.st_dev)

        let store = try ImageStore(paths: scratch.paths)
        let digest = "\(try store.find("imported/layout:image").descriptor.digest)"
        #expect(try FileTree.named(digest, paths: scratch.paths) == tree)
        try store.remove(name: "imported/layout:image")
        #expect(try store.collect().busy == 3)
        #expect(Files.isDirectory(merged))
        tree = nil
        #expect(try store.collect().layers == 2)
        #expect(Files.list("\(store.directory)/merged") == [])
    }

    @Test(
        "More layers than can be stacked are one directory, and an image without files is refused",
        .enabled(if: isRoot, "takes root"))
    func manyAndNone() throws {
        let scratch = try Scratch()
        try scratch.layout((0..<101).map { TarFile().adding("f\($0)", data: "x").whole })
        let many = try FileTree.named("oci:\(scratch.path)/layout", paths: scratch.paths)
        #expect(many.layers == [many.merged] && Files.list(many.layers[0]).count == 101)
        let none = try Scratch()
        try none.layout([])
        let error = #expect(throws: LabError.self) {
            try FileTree.named("oci:\(none.path)/layout", paths: none.paths)
        }
        #expect(error?.kind == .input && error?.reason.english.contains("has no files") == true)
        #expect(try ImageStore(paths: none.paths).names().isEmpty)
    }

    @Test("Two layouts with one name in them are two images", .enabled(if: isRoot, "takes root"))
    func layoutsAreTold() throws {
        let scratch = try Scratch()
        try scratch.layout([TarFile().adding("f", data: "x").whole], name: "v1")
        let first = try FileTree.named("oci:\(scratch.path)/layout:v1", paths: scratch.paths)
        try checked { rename("\(scratch.path)/layout", "\(scratch.path)/other") }
        try scratch.layout([TarFile().adding("f", data: "y").whole], name: "v1")
        let second = try FileTree.named("oci:\(scratch.path)/layout:v1", paths: scratch.paths)
        let third = try FileTree.named("oci:\(scratch.path)/other:v1", paths: scratch.paths)
        #expect(second.digest != first.digest && third.digest == first.digest)
        #expect(
            try ImageStore(paths: scratch.paths).names().map(\.name) == [
                "imported/layout:v1", "imported/other:v1",
            ])
    }

    @Test(
        "Of what mmdebstrap says the first error of apt is told, and a name that apt doesn't know is known as one"
    )
    func namesOfPackages() {
        let text =
            "I: installing\nReading package lists...\nE: Unable to locate package p7zip-fulll\nE: setup failed"
        let (words, isName) = PackageTree.reason(in: text)
        #expect(words == "E: Unable to locate package p7zip-fulll" && isName)
        #expect(PackageTree.reason(in: "E: Unable to fetch\nE: x") == ("E: Unable to fetch", false))
        #expect(PackageTree.reason(in: "a\nb\nc\nd") == ("b | c | d", false))
    }

    @Test("What is mounted in a directory is no part of its tree", .enabled(if: isRoot, "takes root"))
    func mountsAreNoPart() throws {
        let scratch = try Scratch()
        try file(scratch, "root/f", "x")
        try Files.makeDirectory("\(scratch.path)/root/m")
        let before = try MergedTree.digest(["\(scratch.path)/root"], interrupt: .never)
        try checked { mount("none", "\(scratch.path)/root/m", "tmpfs", 0, "mode=755") }
        defer { umount2("\(scratch.path)/root/m", Int32(MNT_DETACH)) }
        try file(scratch, "root/m/inside", "x")
        #expect(try MergedTree.digest(["\(scratch.path)/root"], interrupt: .never) == before)
    }
}
