import Glibc
import LabCore
import OCI
import Testing

@testable import ContainerDriver
@testable import Images

/// A busybox that needs nothing beside it.
private let busybox = ["/bin/busybox", "/usr/bin/busybox"].first { path in
    // A dynamic one names its loader in its first page.
    (try? Files.read(path, limit: 64 << 20)).map {
        !String(decoding: $0.prefix(4_096), as: UTF8.self).contains("/ld-")
    } ?? false
}
private let canRun =
    isRoot && busybox != nil && ContainerProbe.run(isolation: .ofThisUser()) == .available

@Suite(.enabled(if: isRoot, "takes root")) struct ImageBuildTests {
    private static let epoch = 1_000_000_000

    private func file(_ scratch: Scratch, _ name: String, _ text: String, mode: mode_t = 0o644) throws {
        let path = "\(scratch.path)/recipe/\(name)"
        try Files.makeDirectory(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
        try Files.write(text, to: path, mode: mode)
    }

    private func build(
        _ recipe: ImageRecipe, _ scratch: Scratch, as name: String = "x"
    ) throws(LabError) -> ImageStore.Image {
        let build = ImageBuild(
            recipe, in: "\(scratch.path)/recipe", epoch: Self.epoch,
            run: { (command) throws(LabError) in
                try BuildContainer.run(
                    command, network: recipe.network, deadline: .now().advanced(by: .seconds(60)),
                    interrupt: .never)
            })
        return try ImageStore(paths: scratch.paths).build(build, as: name)
    }

    /// A recipe with busybox in it, whose commands run.
    private func recipe(_ scratch: Scratch, run: [String]) throws -> ImageRecipe {
        try file(scratch, "link", "")
        let bytes = try Files.read(busybox ?? "", limit: 64 << 20)
        try Files.write(bytes, to: "\(scratch.path)/recipe/busybox", mode: 0o755)
        try checked { unlink("\(scratch.path)/recipe/link") }
        try Files.makeDirectory("\(scratch.path)/recipe/bin")
        try checked { symlink("busybox", "\(scratch.path)/recipe/bin/sh") }
        return ImageRecipe(
            files: [
                .init(source: "busybox", target: "/bin/busybox"), .init(source: "bin", target: "/bin"),
            ], run: run)
    }

    @Test("The same input gives the same image, whenever it is made; another byte gives another")
    func deterministic() throws {
        let scratch = try Scratch()
        try file(scratch, "a/b", "1", mode: 0o750)
        try file(scratch, "a/c", "2", mode: 0o600)
        try checked { symlink("b", "\(scratch.path)/recipe/a/link") }
        var recipe = ImageRecipe(
            files: [
                .init(source: "a", target: "/srv/deep/a"), .init(source: "a/c", target: "/c", mode: 0o400),
            ],
            config: ImageConfig(environment: ["A=b"], user: "7", entrypoint: ["/e"], command: ["c"]))
        let first = try build(recipe, scratch)
        for name in ["a/b", "a/c", "a"] { utimes("\(scratch.path)/recipe/\(name)", nil) }
        chmod("\(scratch.path)/recipe/a/c", 0o640)
        let second = try build(recipe, scratch, as: "y")
        #expect(second.descriptor.digest == first.descriptor.digest)
        #expect(first.configuration.config == recipe.config)
        #expect(first.configuration.created == "2001-09-09T01:46:40Z")
        #expect(first.configuration.history?.map(\.createdBy) == recipe.steps)
        #expect(first.configuration.history?.map(\.isEmpty) == [true, nil])
        let store = try ImageStore(paths: scratch.paths)
        let layer = try #require(try store.tree(of: "x").layers.first)
        var status = stat()
        for (name, mode) in [
            ("srv/deep", 0o755), ("srv/deep/a/b", 0o755), ("srv/deep/a/c", 0o644), ("c", 0o400),
        ] as [(String, mode_t)] {
            #expect(lstat("\(layer)/\(name)", &status) == 0)
            #expect(status.st_mode & 0o7777 == mode && status.st_uid == 0, "\(name)")
            // The unpacking passes over the times of directories.
            #expect(status.st_mode & S_IFMT == S_IFDIR || status.st_mtim.tv_sec == Self.epoch)
        }
        #expect(Files.target(ofLink: "\(layer)/srv/deep/a/link") == "b")
        recipe.config.user = "8"
        #expect(try build(recipe, scratch).descriptor.digest != first.descriptor.digest)
        #expect(try store.tree(of: "x").digest == store.tree(of: "y").digest)
        try file(scratch, "a/b", "3")
        #expect(try store.tree(of: build(recipe, scratch)).digest != store.tree(of: "y").digest)
    }

    @Test("What leads out of the recipe's directory is refused, and a link of the tree's leads nowhere else")
    func filesStayInside() throws {
        let scratch = try Scratch()
        try file(scratch, "f", "x")
        try file(scratch, "tree/kept", "x")
        let outside = "\(scratch.path)/outside"
        try Files.makeDirectory(outside)
        try checked { symlink("/etc/passwd", "\(scratch.path)/recipe/out") }
        try checked { symlink(outside, "\(scratch.path)/recipe/tree/absolute") }
        try checked { symlink("../../../../../..\(outside)", "\(scratch.path)/recipe/tree/up") }
        try checked { mkfifo("\(scratch.path)/recipe/fifo", 0o600) }
        for (files, cause) in [
            ([.init(source: "out", target: "/passwd")], "it leads out of the recipe's directory"),
            ([.init(source: "none", target: "/none")], "No such file"),
            ([.init(source: "fifo", target: "/fifo")], "neither a file nor a directory"),
            ([.init(source: "f", target: "/")], "Is a directory"),
            ([.init(source: "f", target: "/f"), .init(source: "f", target: "/f/g")], "Not a directory"),
        ] as [([ImageRecipe.File], String)] {
            let error = #expect(throws: LabError.self) { try build(ImageRecipe(files: files), scratch) }
            #expect(error?.reason.english.contains(cause) == true, "\(String(describing: error))")
        }
        let store = try ImageStore(paths: scratch.paths)
        #expect(try store.names().isEmpty && Files.list("\(store.directory)/staging").isEmpty)
        let image = try build(
            ImageRecipe(
                files: [
                    .init(source: "tree", target: "/"), .init(source: "f", target: "\(outside)/first"),
                    .init(source: "tree", target: "/absolute/sub"),
                    .init(source: "tree", target: "/up/t"), .init(source: "f", target: "/kept"),
                ]), scratch)
        #expect(Files.list(outside).isEmpty)
        let layer = try #require(try store.tree(of: image).layers.first)
        // Its files are gone with all of the image's /tmp.
        for name in ["sub", "t"] { #expect(Files.isDirectory("\(layer)\(outside)/\(name)")) }
    }

    @Test(
        "Commands run inside: as root of the tree, without a network, and what they write stays but for logs and caches",
        .enabled(if: canRun, "skipped: no container can be started here, or there is no busybox"))
    func commandsRunInside() throws {
        let scratch = try Scratch()
        var recipe = try recipe(
            scratch,
            run: [
                "busybox mkdir -p /etc /var/log/own /var/cache/apt /tmp /usr/bin",
                "echo $A $SOURCE_DATE_EPOCH $(busybox id -u) >/etc/said",
                "for f in /var/log/own/log /var/cache/apt/x /tmp/x /etc/machine-id; do echo x >$f; done",
                "busybox ls /sys/class/net >/etc/net; busybox chown 7:8 /var/log/own; busybox rm /bin/sh",
            ])
        recipe.config.environment = ["A=b"]
        let image = try build(recipe, scratch)
        let store = try ImageStore(paths: scratch.paths)
        let layer = try #require(try store.tree(of: image).layers.first)
        #expect(try Files.readText("\(layer)/etc/said") == "b \(Self.epoch) 0\n")
        #expect(try Files.readText("\(layer)/etc/net") == "lo\n")
        #expect(Files.list("\(layer)/etc") == ["net", "said"] && !Files.exists("\(layer)/bin/sh"))
        for name in ["var/log/own", "var/cache/apt", "tmp"] {
            #expect(Files.isDirectory("\(layer)/\(name)") && Files.list("\(layer)/\(name)").isEmpty)
        }
        var status = stat()
        #expect(lstat("\(layer)/var/log/own", &status) == 0 && status.st_uid == 7 && status.st_gid == 8)
        #expect(Files.list("\(layer)/proc").isEmpty && Files.list("\(layer)/dev").isEmpty)
        #expect(try build(recipe, scratch, as: "y").descriptor.digest == image.descriptor.digest)
    }

    @Test(
        "A command that fails, or reaches for the host, is one error with its words, and nothing is left",
        .enabled(if: canRun, "skipped: no container can be started here, or there is no busybox"))
    func commandsFail() throws {
        for (line, cause) in [
            ("echo broken >&2; exit 3", "it ended with status 3: broken"),
            ("busybox mount -t tmpfs none /bin", "mount: permission denied"),
            ("busybox mknod /sda b 8 0", "it is a device"),
            ("busybox sleep 30 & kill -9 1; exit 5", "it ended with status 5"),
        ] {
            let scratch = try Scratch()
            let recipe = try recipe(scratch, run: [line])
            let error = #expect(throws: LabError.self) { try build(recipe, scratch) }
            #expect(error?.reason.english.contains(cause) == true, "\(String(describing: error))")
            #expect(error?.remedy != nil)
            let store = try ImageStore(paths: scratch.paths)
            #expect(try store.names().isEmpty && Files.list("\(store.directory)/staging").isEmpty)
        }
        let scratch = try Scratch()
        try file(scratch, "f", "x")
        let none = ImageRecipe(files: [.init(source: "f", target: "/f")], run: ["true"])
        let error = #expect(throws: LabError.self) { try build(none, scratch) }
        #expect(error?.reason.english.contains("there is no command \"/bin/sh\"") == true)
    }

    @Test(
        "A command that turns a directory into a link to the host's changes nothing there when the tree is cleaned",
        .enabled(if: canRun, "skipped: no container can be started here, or there is no busybox"))
    func cleaningStaysInside() throws {
        let scratch = try Scratch()
        let outside = "\(scratch.path)/outside"
        try Files.makeDirectory(outside)
        try Files.write("x", to: "\(outside)/log")
        let recipe = try recipe(
            scratch, run: ["busybox mkdir -p /var && busybox ln -s \(outside) /var/log; exit 0"])
        let image = try build(recipe, scratch)
        #expect(Files.exists("\(outside)/log"))
        let store = try ImageStore(paths: scratch.paths)
        let layer = try #require(try store.tree(of: image).layers.first)
        #expect(Files.target(ofLink: "\(layer)/var/log") == outside)
    }
}
