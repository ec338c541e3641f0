import Artifacts
import Glibc
import LabCore

@testable import VMDriver

/// A tree with busybox in it, made of this machine's own, removed with the last reference.
final class CommandTree {
    /// Debian's busybox-static, or a busybox that is static.
    static let program = ["/bin/busybox", "/usr/bin/busybox"].first { path in
        guard let bytes = try? Files.read(path, limit: 64 << 20) else { return false }
        // A dynamic one names its loader in its first page.
        return !bytes.prefix(4_096).split(separator: 0).contains {
            String(decoding: $0, as: UTF8.self).contains("/ld-")
        }
    }
    static let isThere = program != nil

    let path: String

    init() throws {
        var template = Array("/tmp/lab-command-tree-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o755)
        for name in ["bin", "etc", "proc", "sys", "dev", "tmp", "srv"] {
            try Files.makeDirectory("\(path)/\(name)")
        }
        try Files.write(
            try Files.read(Self.program ?? "", limit: 64 << 20), to: "\(path)/bin/busybox", mode: 0o755)
        Files.waitUntilUnwritten("\(path)/bin/busybox")
        for name in ["sh", "cat", "dd", "id", "ls", "mount", "nc", "seq", "sleep", "stat", "wc"] {
            try checked { symlink("busybox", "\(path)/bin/\(name)") }
        }
        try Files.write(
            "root:x:0:0::/root:/bin/sh\nguest:x:1000:1001::/srv:/bin/sh\n", to: "\(path)/etc/passwd")
        try Files.write("guest:x:1001:\nplay:x:1002:guest\n", to: "\(path)/etc/group")
        try Files.write("of the tree\n", to: "\(path)/etc/motd")
    }

    deinit { try? Files.removeTree(path) }

    func tree() throws(LabError) -> FileTree { try FileTree.rootfs(path) }

    func shell(_ script: String, _ ready: Readiness = .exit) throws(LabError) -> CommandPayload {
        try CommandDefinition(image: "rootfs:\(path)", arguments: ["sh", "-c", script], readiness: ready)
            .payload(in: tree())
    }
}

/// How one VM of a command ended.
struct EndedCommand {
    var status: Int32
    var output: [UInt8]
    var errors: String
    var timeline: Timeline

    var text: String { String(decoding: output, as: UTF8.self) }
}

extension Bench {
    /// Runs `body` with an engine that is ready to start a command. What the command alone has in the cache goes with it.
    func withEngine(
        starting command: CommandPayload, _ configuration: VMConfiguration = VMConfiguration(),
        _ body: (PreparedVM) throws -> Void
    ) throws {
        var configuration = configuration
        configuration.fetchesKernel = true
        try withEngine(configuration, command: command) { engine in
            let disk = engine.command?.disk.path ?? ""
            let initramfs = try engine.setup.parts(of: [:], starting: engine.command).initramfs.path
            defer { for file in [disk, "\(disk).sha256", initramfs] { unlink(file) } }
            try body(engine)
        }
    }

    static func request(
        _ command: CommandPayload, _ output: CommandOutput, index: Int = 0, memoryBytes: UInt64 = 256 << 20
    ) -> LaunchRequest {
        var request = LaunchRequest(
            index: index, payload: .command(command), memoryBytes: memoryBytes, cpus: 1,
            deadline: .now().advanced(by: .seconds(60)))
        request.output = output
        return request
    }

    /// Starts it, waits for its end and removes it.
    static func run(
        _ command: CommandPayload, on engine: PreparedVM, index: Int = 0, memoryBytes: UInt64 = 256 << 20,
        whenReady: (VMInstance) throws -> Void = { _ in }
    ) throws -> EndedCommand {
        let output = try CommandOutput(command.readiness)
        let request = request(command, output, index: index, memoryBytes: memoryBytes)
        guard let instance = try engine.launch(request) as? VMInstance else { throw Errno(EINVAL) }
        let status = Result { () throws -> Int32 in
            if command.readiness != .exit {
                try instance.waitUntilReady(deadline: request.deadline)
                try whenReady(instance)
            }
            return try instance.waitForExit(deadline: request.deadline)
        }
        try instance.dispose()
        return EndedCommand(
            status: try status.get(), output: output.contents(of: .output),
            errors: String(decoding: output.contents(of: .errors), as: UTF8.self),
            timeline: instance.timeline)
    }

    func run(
        _ command: CommandPayload, _ configuration: VMConfiguration = VMConfiguration(),
        memoryBytes: UInt64 = 256 << 20, whenReady: (VMInstance) throws -> Void = { _ in }
    ) throws -> EndedCommand {
        var ended: EndedCommand?
        try withEngine(starting: command, configuration) { engine in
            ended = try Self.run(command, on: engine, memoryBytes: memoryBytes, whenReady: whenReady)
        }
        guard let ended else { throw Errno(EINVAL) }
        return ended
    }
}
