import Glibc
import LabCore
import Testing

@testable import LabRunner

/// `lab image`, as a user calls it.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct ImageCommandTests {
    private struct Line: Decodable {
        let name: String
        let digest: String
        let layers: Int
    }

    private func root(_ lab: LabProgram) throws -> String {
        let root = "\(lab.directory.path)/root"
        try Files.makeDirectory("\(root)/bin")
        try Files.write("x", to: "\(root)/bin/x")
        return root
    }

    @Test(
        "Every command's help has examples",
        arguments: ["build", "import", "pull", "push", "ls", "inspect", "history", "diff", "rm", "gc"])
    func helpHasExamples(command: String) throws {
        let finished = try LabProgram().run(["image", command, "--help"])
        #expect(finished.status == 0 && finished.errors.isEmpty)
        #expect(finished.output.contains("EXAMPLES\n  lab image \(command)"))
    }

    @Test("A directory is imported, listed, told of and removed, and nothing is left")
    func life() throws {
        let lab = try LabProgram()
        let imported = try lab.run(["image", "import", try root(lab), "--name", "mine:1", "--json"])
        #expect(imported.status == 0, "\(imported.errors)")
        let line = try imported.json(Line.self)
        #expect(line.name == "mine:1" && line.layers == 1)
        #expect(try lab.run(["image", "ls", "--json"]).json([Line].self).map(\.digest) == [line.digest])
        #expect(try lab.run(["image", "ls"]).output.contains("mine:1"))
        let told = try lab.run(["image", "inspect", "mine:1", "--lang", "zh"])
        #expect(told.status == 0 && told.output.contains(line.digest) && told.output.contains("已解开"))
        #expect(try lab.run(["image", "history", "mine:1"]).status == 0)
        let absent = try lab.run(["image", "rm", "nosuch"])
        #expect(absent.status == 1 && absent.output.isEmpty, "\(absent.output)")
        let removed = try lab.run(["image", "rm", "mine:1"])
        #expect(removed.status == 0 && removed.output.contains("removed 3 blobs"))
        #expect(Files.list("\(lab.paths.cache)/images/blobs/sha256") == [])
        #expect(Files.list("\(lab.paths.cache)/images/staging") == [])
    }

    @Test(
        "A recipe is built, what is wrong in it is told by its line",
        .enabled(if: geteuid() == 0, "takes root"))
    func build() throws {
        let lab = try LabProgram()
        let recipe = "\(lab.directory.path)/recipes/tool"
        try Files.makeDirectory(recipe)
        try Files.write("x", to: "\(recipe)/x")
        try Files.write("files: [{from: x, to: /x}]\n", to: "\(recipe)/image.yaml")
        let variables = ["SOURCE_DATE_EPOCH": "1000000"]
        let built = try lab.run(["image", "build", "recipes/tool", "--json"], environment: variables)
        #expect(built.status == 0, "\(built.errors)")
        let line = try built.json(Line.self)
        #expect(line.name == "tool" && line.layers == 1)
        let again = try lab.run(
            ["image", "build", "recipes/tool/image.yaml", "--name", "other", "--json"], environment: variables
        )
        #expect(try again.json(Line.self).digest == line.digest)
        #expect(try lab.run(["image", "history", "tool"]).output.contains("copy x to /x"))
        try Files.write("files: [{from: x, to: /x}]\npackges: [y]\n", to: "\(recipe)/image.yaml")
        let wrong = try lab.run(["image", "build", "recipes/tool"])
        #expect(wrong.status == 65)
        #expect(wrong.errors.contains("recipes/tool/image.yaml:2: unknown key \"packges\""))
        #expect(try lab.run(["image", "build", "recipes"]).status == 66)
        let chinese = try lab.run(["image", "build", "recipes/tool", "--lang", "zh"])
        #expect(chinese.errors.contains("image.yaml:2: 未知的键"))
    }

    @Test(
        "Packages of the distribution are the same image whenever they are put together",
        .enabled(if: geteuid() == 0, "takes root"),
        .enabled(
            if: Tool.find("mmdebstrap") != nil && getenv("LAB_FETCH") != nil,
            "skipped: there is no mmdebstrap, or no LAB_FETCH=1 that lets it use the network"))
    func packages() throws {
        let lab = try LabProgram()
        try Files.write(
            """
            packages: [busybox-static]
            run:
              - useradd --uid 777 own
              - test ! -e /etc/hostname && test ! -s /etc/machine-id
              - if busybox ping -c 1 -W 1 192.0.2.1; then exit 1; fi
            command: [busybox, "true"]
            user: own

            """, to: "\(lab.directory.path)/packages.yaml")
        var digests: [String] = []
        for name in ["first", "second"] {
            let built = try lab.run(["image", "build", "packages.yaml", "--name", name, "--json"])
            #expect(built.status == 0, "\(built.errors)")
            digests.append(try built.json(Line.self).digest)
        }
        #expect(digests[0] == digests[1])
        if digests[0] != digests[1] {
            print(try lab.run(["image", "diff", "first", "second"]).output)
        }
        let finished = try lab.run(
            [
                "run", "startup-latency", "--image", "first", "--engine", "process,container", "--series",
                "plain",
            ]
                + ["--samples", "1", "--warmup", "0"])
        #expect(finished.status == 0, "\(finished.errors)")
        #expect(lab.leftovers.isEmpty)
    }

    @Test("An image that takes another's name says which it replaces, and one that is the same says nothing")
    func replaced() throws {
        let lab = try LabProgram()
        let root = try root(lab)
        let words = ["image", "import", root, "--name", "mine", "--json"]
        let first = try lab.run(words)
        #expect(first.status == 0 && first.errors.isEmpty, "\(first.errors)")
        #expect(try lab.run(words).errors.isEmpty)
        try Files.write("y", to: "\(root)/bin/x")
        let second = try lab.run(words)
        #expect(second.status == 0)
        let digest = try first.json(Line.self).digest
        #expect(second.errors.contains("mine replaces \(digest); "), "\(second.errors)")
        #expect(try lab.run(["image", "ls", "--json"]).json([Line].self).count == 1)
        let chinese = try lab.run(["image", "import", "\(root)/bin", "--name", "mine", "--lang", "zh"])
        #expect(chinese.errors.contains("mine 取代了 sha256:"), "\(chinese.errors)")
    }

    @Test("Two images' files are compared as podman says it", .enabled(if: geteuid() == 0, "takes root"))
    func diff() throws {
        let lab = try LabProgram()
        let root = try root(lab)
        #expect(try lab.run(["image", "import", root, "--name", "a"]).status == 0)
        try Files.write("y", to: "\(root)/bin/x")
        try Files.write("z", to: "\(root)/z")
        #expect(try lab.run(["image", "import", root, "--name", "b"]).status == 0)
        #expect(try lab.run(["image", "diff", "a", "b"]).output == "C /bin/x\nA /z\n")
        #expect(try lab.run(["image", "diff", "b", "a"]).output == "C /bin/x\nD /z\n")
        #expect(try lab.run(["image", "diff", "a", "a"]).output == "")
    }

    @Test(
        "What is not there or no image is one clear error",
        arguments: [
            (["inspect", "nothing"], 66), (["rm", "nothing"], 1), (["rm", "--force", "nothing"], 0),
            (["import", "/nowhere"], 66), (["import", "oci:/tmp"], 66), (["import", "/etc/passwd"], 64),
            (["import", "docker-archive:/nowhere"], 66), (["import", "/etc", "--name", "../x"], 64),
        ] as [([String], Int32)])
    func badInput(words: [String], status: Int32) throws {
        let lab = try LabProgram()
        let finished = try lab.run(["image"] + words)
        #expect(finished.status == status, "\(finished.errors)")
        #expect(finished.errors.hasPrefix("lab: ") == (status != 0))
        #expect(Files.list("\(lab.paths.cache)/images/blobs/sha256") == [])
    }

    @Test("Without skopeo a pull says what to install")
    func noSkopeo() throws {
        let lab = try LabProgram()
        try Files.makeDirectory("\(lab.directory.path)/bin")
        let finished = try lab.run(
            ["image", "pull", "localhost:1/x"], environment: ["PATH": "\(lab.directory.path)/bin"])
        #expect(finished.status == 69)
        #expect(finished.errors.contains("apt-get install skopeo"))
    }

    @Test(
        "A registry that is not there is told in skopeo's words, and nothing is left",
        .enabled(if: Tool.find("skopeo") != nil, "skopeo is not installed"))
    func noRegistry() throws {
        let lab = try LabProgram()
        let finished = try lab.run(["image", "pull", "localhost:1/x"])
        #expect(finished.status == 69)
        #expect(finished.errors.contains("connection refused") && !finished.errors.contains("level="))
        #expect(finished.errors.contains("remedy: try it by hand: skopeo inspect docker://localhost:1/x; "))
        #expect(Files.list("\(lab.paths.cache)/images/staging") == [])
    }

    @Test(
        "A full disk is said with its remedy, and nothing is left of what was brought in",
        .enabled(if: geteuid() == 0, "skipped: not root"),
        .enabled(if: Tool.find("skopeo") != nil, "skopeo is not installed"))
    func fullDisk() throws {
        let lab = try LabProgram()
        let home = "\(lab.directory.path)/small"
        try Files.makeDirectory("\(lab.directory.path)/tree")
        try Files.makeDirectory(home, mode: 0o700)
        try Files.write(
            String(repeating: "0123456789abcdef", count: 1 << 18), to: "\(lab.directory.path)/tree/large")
        for words in [
            ["import", "rootfs:tree", "--name", "large"], ["push", "large", "docker-archive:large.tar"],
        ] {
            let made = try lab.run(["image"] + words)
            try #require(made.status == 0, "\(made.errors)")
        }
        let mounted = try Tool.run(
            "mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", home], in: "/",
            deadline: .now().advanced(by: .seconds(20)))
        try #require(mounted.status == 0, "\(mounted.text)")
        defer { umount2(home, Int32(MNT_DETACH)) }
        let finished = try lab.run(
            ["image", "import", "docker-archive:large.tar"], environment: ["LAB_HOME": home])
        #expect(finished.status == 73, "\(finished.errors)")
        #expect(
            finished.errors.contains("no space left on device")
                && finished.errors.contains("remedy: make room"))
        #expect(Files.list("\(home)/cache/images/staging") == [])
    }
}
