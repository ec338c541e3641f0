import Artifacts
import Glibc
import LabCore
import TestTrees

@testable import VMDriver

extension BusyboxTree {
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
