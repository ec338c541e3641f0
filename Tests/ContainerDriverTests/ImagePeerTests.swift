import Glibc
import Images
import LabCore
import TestTrees
import Testing

@testable import ContainerDriver

/// A tool that writes an image into a file, as a user has it of one.
enum ImageMaker: String, CaseIterable, CustomTestStringConvertible {
    case podman, docker, umoci
    var testDescription: String { rawValue }

    /// Makes an image of a tree's two halves, and saves it.
    /// - Returns: the word by which `--image` names it.
    func save(_ lower: String, _ upper: String, in directory: String) throws -> String {
        let file = "\(directory)/\(rawValue).tar"
        switch self {
        case .podman:
            let podman = [
                "podman", "--root", "\(directory)/store", "--runroot", "\(directory)/run",
                "--storage-driver", "vfs",
            ]
            try pack(lower, upper, in: directory)
            try run(podman + ["import", "--quiet", "whole.tar", "lab-test"], in: directory)
            try run(
                podman + ["save", "--quiet", "--format", "docker-archive", "--output", file, "lab-test"],
                in: directory)
        case .docker:
            if let obstacle = DockerFixture.obstacle { try Test.cancel("skipped: \(obstacle)") }
            let docker = ["docker"] + (DockerFixture.host.map { ["--host", $0] } ?? [])
            let name = "lab-test:\(UInt32.random(in: 0 ... .max))"
            try pack(lower, upper, in: directory)
            try run(docker + ["import", "whole.tar", name], in: directory)
            defer { try? run(docker + ["image", "rm", name], in: directory) }
            try run(docker + ["save", "--output", file, name], in: directory)
        case .umoci:
            let image = ["--image", "layout:x"]
            try run(["umoci", "init", "--layout", "layout"], in: directory)
            try run(["umoci", "new"] + image, in: directory)
            for half in [lower, upper] { try run(["umoci", "insert"] + image + [half, "/"], in: directory) }
            try run(
                ["skopeo", "--insecure-policy", "copy", "oci:layout:x", "docker-archive:\(file):lab-test:x"],
                in: directory)
        }
        return "docker-archive:\(file)"
    }

    private func pack(_ lower: String, _ upper: String, in directory: String) throws {
        try run(["cp", "-a", "\(lower)/.", "whole"], in: directory)
        try run(["cp", "-a", "\(upper)/.", "whole"], in: directory)
        try run(["tar", "-cf", "whole.tar", "--numeric-owner", "-C", "whole", "."], in: directory)
    }

    private func run(_ words: [String], in directory: String) throws {
        guard Tool.find(words[0]) != nil else { try Test.cancel("skipped: \(words[0]) is not installed") }
        let output = try Tool.run(
            words[0], Array(words.dropFirst()), in: directory, deadline: .now().advanced(by: .seconds(120)))
        try #require(output.status == 0, "\(words): \(output.text)")
    }
}

extension PeerTests {
    /// What a command sees of the tree: type, mode, owner, contents.
    private static let look = """
        cd / && busybox find bin opt srv -exec busybox stat -c '%n %f %u %g' {} + | busybox sort && \
        busybox find bin opt srv -type f -exec busybox sha256sum {} + | busybox sort && \
        busybox readlink opt/link
        """

    /// Runs a command to its end in an engine; nil where that can't be used here.
    private func output(
        of definition: CommandDefinition, in tree: FileTree, by id: EngineID, _ paths: LabPaths
    ) throws -> (status: Int32, text: String, prepared: [String])? {
        let command = try definition.payload(in: tree)
        let root = try RootFilesystem.minimal(
            guest: RootFilesystem.locateGuest(environment: [:]), paths: paths)
        let journal = try RunJournal(runID: "t\(UInt32.random(in: 0 ... .max))", paths: paths)
        defer { journal.finish() }
        let context = RunContext(
            runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root, command: command)
        try Files.makeDirectory(paths.run(journal.runID), mode: 0o700)
        let known = ContainerEngines.all.first { $0.id == id && $0.role != .peer }
        let engine: any Engine =
            if let known { known.make(EngineSettings(), nil) } else { PeerEngine(try description(id)) }
        if case .unavailable = engine.probe(context) { return nil }
        let prepared = try engine.prepare(context) as any PreparedEngine
        defer { prepared.shutDown() }
        var request = LaunchRequest(
            index: 0, payload: .command(command), memoryBytes: 64 << 20, cpus: 1,
            deadline: .now().advanced(by: .seconds(60)))
        let output = try CommandOutput(.exit)
        request.output = output
        let instance = try prepared.launch(request)
        let status = Result { try instance.waitForExit(deadline: request.deadline) }
        try instance.dispose()
        return (
            try status.get(), String(decoding: output.contents(of: .output), as: UTF8.self),
            (prepared.record.prepared ?? []).map(\.english)
        )
    }

    /// Two halves of a tree, of which the upper one changes files of the lower.
    private func halves() throws -> (BusyboxTree, BusyboxTree) {
        let (lower, upper) = (try BusyboxTree(), try BusyboxTree())
        try Files.makeDirectory("\(lower.path)/opt/deep")
        try Files.write("of the lower\n", to: "\(lower.path)/opt/changed")
        try Files.write("kept\n", to: "\(lower.path)/opt/deep/kept", mode: 0o4755)
        try checked { symlink("deep/kept", "\(lower.path)/opt/link") }
        try checked { link("\(lower.path)/opt/deep/kept", "\(lower.path)/srv/hard") }
        try Files.makeDirectory("\(upper.path)/opt")
        try Files.write("of the upper\n", to: "\(upper.path)/opt/changed", mode: 0o640)
        try checked { chown("\(upper.path)/opt/changed", 1_000, 1_001) }
        for tree in [lower, upper] { chmod("\(tree.path)/opt", 0o755) }
        return (lower, upper)
    }

    @Test(
        "An image that podman, docker or umoci made is the same tree, by one digest, and so in every engine",
        .enabled(if: isRoot && obstacle == nil, "skipped: not root, or no container can be started here"),
        .enabled(if: BusyboxTree.isThere, "skipped: there is no static busybox"),
        arguments: ImageMaker.allCases)
    func imagesAreOneTree(maker: ImageMaker) throws {
        let home = "/tmp/lab-image-tests-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
        try Files.makeDirectory(home, mode: 0o700)
        defer { try? Files.removeTree(home) }
        let (lower, upper) = try halves()
        let word = try maker.save(lower.path, upper.path, in: home)
        let tree = try FileTree.named(word, paths: paths)
        // The reference: no tool but ours between the tree and its digest.
        let plain = "\(home)/plain"
        for half in [lower.path, upper.path] {
            let copied = try Tool.run(
                "cp", ["-a", "\(half)/.", plain], in: "/", deadline: .now().advanced(by: .seconds(60)))
            try #require(copied.status == 0, "\(copied.text)")
        }
        #expect(try tree.digest == FileTree.named("rootfs:\(plain)", paths: paths).digest)
        #expect((tree.layers.count > 1) == (maker == .umoci))

        var seen: [EngineID: String] = [:]
        let engines = [EngineID.process, .container] + PeerDescription.all.map(\.engine)
        for engine in engines where engine != "docker" || maker == .docker {
            let definition = CommandDefinition(image: word, arguments: ["/bin/sh", "-c", Self.look])
            guard let looked = try output(of: definition, in: tree, by: engine, paths) else { continue }
            #expect(looked.status == 0, "\(engine): \(looked.text)")
            seen[engine] = looked.text
            if tree.layers.count > 1 {
                #expect(looked.prepared.contains { $0.contains("layers of the image") }, "\(engine)")
            }
            let plainly = CommandDefinition(image: word, arguments: ["/bin/true"])
            #expect(try output(of: plainly, in: tree, by: engine, paths)?.status == 0, "\(engine)")
        }
        #expect(seen[.container] != nil)
        let first = try #require(seen[.process])
        #expect(first.contains("opt/changed 81a0 1000 1001") && first.contains("opt/deep/kept 89ed 0 0"))
        for (engine, text) in seen { #expect(text == first, "\(engine)") }
    }
}
