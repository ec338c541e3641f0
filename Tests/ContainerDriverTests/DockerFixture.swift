import Foundation
import Glibc
import LabCore
import Synchronization
import Testing

/// A docker daemon for the time of a suite: one that answers already, else one of its own where dockerd is installed.
struct DockerFixture: SuiteTrait, TestScoping {
    /// Its address; nil for the one that the command finds by itself.
    static var host: String? { address.withLock { $0 } }
    private static let address = Mutex<String?>(nil)
    /// True when one answers, whoever started it.
    static var isThere: Bool { answers(host) }
    /// Why none can be had here; nil where one answers.
    static var obstacle: String? {
        if isThere { return nil }
        if Tool.find("docker") == nil { return "docker is not installed" }
        if Tool.find("dockerd") == nil { return "no docker daemon answers, and dockerd is not installed" }
        return geteuid() == 0 ? "dockerd can't be started here: \(lastWords.withLock { $0 })" : "not root"
    }
    /// What the daemon of ours said last.
    private static let lastWords = Mutex("")

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard let dockerd = Tool.find("dockerd"), geteuid() == 0, !Self.answers(nil) else {
            return try await function()
        }
        let directory = "/tmp/lab-dockerd-\(getpid())"
        try Files.makeDirectory(directory, mode: 0o700)
        let socket = "unix://\(directory)/socket"
        let daemon = Foundation.Process()
        daemon.executableURL = URL(fileURLWithPath: dockerd)
        daemon.arguments = [
            "--iptables=false", "--ip6tables=false", "--bridge=none", "--data-root", "\(directory)/data",
            "--exec-root",
            "\(directory)/exec", "--pidfile", "\(directory)/pid", "--host", socket,
        ]
        let log = "\(directory)/log"
        try Files.write("", to: log)
        daemon.standardOutput = FileHandle.nullDevice
        daemon.standardError = FileHandle(forWritingAtPath: log)
        try daemon.run()
        for _ in 0..<200 where daemon.isRunning && !Self.answers(socket) { usleep(100_000) }
        let said = (try? Files.readText(log)) ?? ""
        Self.lastWords.withLock {
            $0 = said.split(separator: "\n").last.map(String.init) ?? "it said nothing"
        }
        Self.address.withLock { $0 = socket }
        let result: Result<Void, any Error>
        do { result = .success(try await function()) } catch { result = .failure(error) }
        daemon.terminate()
        daemon.waitUntilExit()
        try MountTable.detach(in: directory)
        try Files.removeTree(directory)
        try result.get()
    }

    private static func answers(_ host: String?) -> Bool {
        guard let docker = Tool.find("docker") else { return false }
        let words = (host.map { ["--host", $0] } ?? []) + ["info"]
        let output = try? Tool.run(docker, words, in: "/", deadline: .now().advanced(by: .seconds(10)))
        return output?.status == 0
    }
}

extension Trait where Self == DockerFixture {
    /// A docker daemon for the time of the suite, if one can be had.
    static var dockerDaemon: DockerFixture { DockerFixture() }
}
