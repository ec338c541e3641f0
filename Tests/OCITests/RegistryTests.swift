import Foundation
import Glibc
import LabCore
import OCI
import Synchronization
import Testing

@testable import Images

/// Debian's docker-registry on the loopback, with what it keeps in a directory of a test's.
private final class Registry {
    static let program = Tool.find("docker-registry")
    let port: UInt16
    private let process = Foundation.Process()

    init(_ scratch: Scratch) throws {
        port = try Loopback.freePort()
        let path = "\(scratch.path)/registry.yml"
        try Files.write(
            """
            version: 0.1
            log: {level: error, accesslog: {disabled: true}}
            storage: {filesystem: {rootdirectory: \(scratch.path)/registry}}
            http: {addr: "127.0.0.1:\(port)"}

            """, to: path)
        process.executableURL = URL(fileURLWithPath: Self.program ?? "")
        process.arguments = ["serve", path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let deadline = MonotonicInstant.now().advanced(by: .seconds(60))
        while !Loopback.answers(port) {
            guard process.isRunning, MonotonicInstant.now() < deadline else { throw Errno(ECONNREFUSED) }
            usleep(20_000)
        }
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }
}

private enum Loopback {
    static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    static func socket() throws(Errno) -> LabCore.FileDescriptor {
        FileDescriptor(
            owning: try checked { Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0) })
    }

    static func connect(to port: UInt16) throws(Errno) -> LabCore.FileDescriptor {
        let socket = try socket()
        var address = address(port)
        try checked {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        return socket
    }

    /// - Parameter port: becomes the one that the kernel chose.
    /// - Returns: a socket that listens.
    static func listen(_ port: inout UInt16) throws(Errno) -> LabCore.FileDescriptor {
        let socket = try socket()
        var address = address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try checked {
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(socket.rawValue, address, length) == 0 && Glibc.listen(socket.rawValue, 16) == 0
                        ? getsockname(socket.rawValue, address, &length) : -1
                }
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        return socket
    }

    static func freePort() throws(Errno) -> UInt16 {
        var port: UInt16 = 0
        _ = try listen(&port)
        return port
    }

    static func answers(_ port: UInt16) -> Bool {
        do throws(Errno) {
            let socket = try connect(to: port)
            return socket.rawValue >= 0
        } catch { return false }
    }
}

/// A way to a registry that breaks: after so many bytes in both directions it is closed, and nobody listens there any more.
private final class BreakingWay: Sendable {
    let port: UInt16
    private let listener: Int32
    private let left: Mutex<Int>

    init(to target: UInt16, after bytes: Int) throws {
        var port: UInt16 = 0
        listener = try Loopback.listen(&port).release()
        self.port = port
        left = Mutex(bytes)
        _ = try OSThread.start { [self] in
            while true {
                let inner = accept(listener, nil, nil)
                guard inner >= 0 else { break }
                do throws(Errno) {
                    let outer = try Loopback.connect(to: target).release()
                    _ = try OSThread.start { [self] in carry(inner, outer) }
                } catch { Glibc.close(inner) }
            }
            Glibc.close(listener)
        }
    }

    /// Ends it: accept(2) fails then.
    func end() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func carry(_ inner: Int32, _ outer: Int32) {
        defer {
            Glibc.close(inner)
            Glibc.close(outer)
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        var ends = [inner, outer].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while poll(&ends, 2, -1) > 0 {
            for (from, to) in [(0, outer), (1, inner)] where ends[from].revents != 0 {
                let count = read(ends[from].fd, &buffer, buffer.count)
                guard count > 0 else { return }
                let isOver = left.withLock { left in
                    left -= count
                    return left < 0
                }
                if isOver { return end() }
                guard send(to, buffer, count, Int32(MSG_NOSIGNAL)) == count else { return }
            }
        }
    }
}

@Suite(
    .enabled(if: isRoot, "takes root"),
    .enabled(
        if: Registry.program != nil && Tool.find("skopeo") != nil,
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
        let registry = try Registry(scratch)
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
        let registry = try Registry(scratch)
        let up = try BreakingWay(to: registry.port, after: 2 << 20)
        defer { up.end() }
        let pushed = #expect(throws: LabError.self) {
            try store.push("built", to: "127.0.0.1:\(up.port)/lab/built:1", tlsVerify: false)
        }
        #expect(pushed?.kind == .unavailable && pushed?.reason.english.contains("cannot push to") == true)
        #expect(try store.image("built").descriptor == image.descriptor)

        try store.push("built", to: "127.0.0.1:\(registry.port)/lab/built:1", tlsVerify: false)
        let down = try BreakingWay(to: registry.port, after: 2 << 20)
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
