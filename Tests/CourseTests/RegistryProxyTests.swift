import Foundation
import Glibc
import Testing

@testable import ContainerDriver
@testable import Course
@testable import LabCore

@Suite(
    .enabled(
        if: obstacle == nil && Tool.find("docker-registry") != nil && Tool.find("curl") != nil,
        "no room can be made, or docker-registry or curl is not installed"))
struct RegistryProxyTests {
    private let layer = [UInt8](repeating: 7, count: 10_000)
    private var image: ServedImage { ServedImage([layer], note: "none") }
    private var digest: String { image.blobs.first { $0.value == layer }?.key ?? "" }

    private func withRegistry(_ body: (RegistryRoom) throws -> Void) throws {
        try withRun { context in
            let bench = CheckBench(context: context)
            // What the body throws is carried past the typed one.
            let outcome = try RegistryRoom.with("name", ["tag": image], bench) { registry in
                Result { try body(registry) }
            }
            try outcome.get()
        }
    }

    /// Sends bytes and returns what comes back.
    private func say(_ bytes: [UInt8], to registry: RegistryRoom) throws -> [UInt8] {
        let socket = try RegistryProxy.connect(to: "\(registry.front)/socket")
        var place = 0
        while place < bytes.count {
            let count = bytes[place...].withUnsafeBytes {
                send(socket.rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            place += count
        }
        shutdown(socket.rawValue, Int32(SHUT_WR))
        var answer: [UInt8] = []
        while let chunk = try? socket.read(upTo: 1 << 16), !chunk.isEmpty { answer += chunk }
        return answer
    }

    private func get(_ registry: RegistryRoom, _ headers: String = "") throws -> [UInt8] {
        let request = "GET /v2/name/blobs/\(digest) HTTP/1.1\r\nHost: registry\r\n\(headers)\r\n"
        let answer = try say(Array(request.utf8), to: registry)
        let lines = String(decoding: answer, as: UTF8.self)
        guard let end = lines.range(of: "\r\n\r\n") else { return [] }
        return Array(answer.dropFirst(lines[..<end.upperBound].utf8.count))
    }

    @Test("A transfer breaks once, a changed byte comes each time, and the log has every byte of both")
    func faults() throws {
        try withRegistry { registry in
            registry.proxy.begin(.init(broken: [digest: 4_000]))
            #expect(try get(registry) == Array(layer.prefix(4_000)))
            #expect(try get(registry, "Range: bytes=4000-\r\n") == Array(layer.dropFirst(4_000)))
            #expect(registry.proxy.log.map(\.bytes) == [4_000, 6_000])
            registry.proxy.begin(.init(flipped: [digest]))
            for _ in 0..<2 {
                let changed = try get(registry)
                #expect(changed.count == layer.count && zip(changed, layer).filter { $0 != $1 }.count == 1)
            }
            registry.proxy.begin()
            #expect(try get(registry) == layer)
        }
    }

    @Test("Any bytes are answered or closed, and the next one is served")
    func anyBytes() throws {
        try withRegistry { registry in
            var generator = SeededGenerator(seed: 9)
            let plain = Array("GET /v2/ HTTP/1.1\r\nHost: registry\r\n\r\n".utf8)
            for turn in 0..<60 {
                var bytes = plain
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                if turn % 20 == 0 { bytes = [UInt8](repeating: 65, count: 100_000) }
                _ = try say(bytes, to: registry)
            }
            #expect(try get(registry) == layer)
        }
    }
}
