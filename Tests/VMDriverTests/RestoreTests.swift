import Foundation
import Glibc
import LabCore
import Testing

@testable import VMDriver

/// Whether libvirt can save a VM here, found out by saving one.
private let savingObstacle: String? = {
    guard Bench.shared.obstacle == nil else { return "no guest boots on this machine" }
    do {
        try Bench.shared.withEngine { engine in
            let request = Bench.request(.idle, variant: "start=restore")
            try engine.launch(request).dispose()
        }
        return nil
    } catch let error as LabError {
        return error.kind == .unavailable ? error.description : nil
    } catch {
        return nil
    }
}()

// The boots are one suite, so that they come one after the other.
extension BootTests {
    @Suite(
        .serialized,
        .enabled("skipped for what is said above") { isFree(of: savingObstacle.map { "skipped: \($0)" }) })
    struct RestoreTests {
        /// The only saved image of the engine's run.
        private func image(of engine: PreparedVM) throws -> String {
            let runs = "\(Bench.shared.paths.state)/runs"
            let images = Files.list(runs).map { "\(runs)/\($0)/\(engine.id)-saved-0/image" }.filter(
                Files.exists)
            return try #require(images.count == 1 ? images.first : nil)
        }

        @Test(arguments: ["start=restore", "start=restore,machine=q35"])
        func eachRestoredGuestProvesItsOwnNonce(words: String) throws {
            try Bench.shared.withEngine { engine in
                var uptimes: [UInt64] = []
                var lives: [UInt64] = []
                for (index, nonce) in ["first nonce", "second", String(repeating: "long", count: 500)]
                    .enumerated()
                {
                    let request = Bench.request(.hello(nonce: nonce), index: index, variant: words)
                    let instance = try engine.launch(request)
                    defer { try? instance.dispose() }
                    #expect(try instance.waitForExit(deadline: request.deadline) == 0)
                    try instance.dispose()
                    #expect(instance.transcript.outputs == [nonce] && instance.transcript.violation == nil)
                    let marks = Mark.inOrder.filter { instance.timeline[$0] != nil }
                    // It is not started again, nor is its kernel.
                    #expect(
                        marks == [.requested, .created, .ready, .firstOutput, .exited, .cleanedUp])
                    let times = marks.compactMap { instance.timeline[$0] }
                    #expect(times == times.sorted())
                    uptimes.append(try #require(instance.transcript.metrics["uptime-ns"]))
                    lives.append(
                        (try #require(times.last)) - (try #require(times.first)))
                    var status = stat()
                    #expect(stat(try image(of: engine), &status) == 0 && status.st_mode & 0o7777 == 0o600)
                }
                // Time stands still in the image: none is older by the life of the one before.
                #expect(
                    uptimes[2] < uptimes[0] + lives[0] + lives[1], "uptimes \(uptimes), lives \(lives)")
            }
        }

        @Test func oneAtATimeAndItsAccountsAreThoseOfAnyVM() throws {
            try Bench.shared.withEngine { engine in
                let request = Bench.request(.touch(mebibytes: 32), variant: "start=restore")
                let instance = try #require(try engine.launch(request) as? VMInstance)
                defer { try? instance.dispose() }
                try instance.waitUntilReady(deadline: request.deadline)
                let error = #expect(throws: LabError.self) {
                    _ = try engine.launch(Bench.request(.idle, index: 1, variant: "start=restore"))
                }
                #expect(
                    error?.kind == .unavailable && error?.message.english.contains("one VM at a time") == true
                )
                // The refusal has touched nothing of the one that runs.
                #expect(try instance.memoryBytes()["host-pss"] ?? 0 > 48 << 20)
                #expect(try instance.exitCounts().isEmpty && instance.hostProcesses().count >= 1)
                let before = try instance.hostCPUNanoseconds()
                try instance.dispose()
                #expect(try instance.hostCPUNanoseconds() >= before && before > 0)
                let next = try engine.launch(Bench.request(.idle, index: 1, variant: "start=restore"))
                try next.dispose()
            }
        }

        @Test("A restored guest whose exits are counted stays too, and is of an image of its own")
        func countedGuestsStay() throws {
            try Bench.shared.withEngine { engine in
                for (index, count) in [nil, Condition.Counted.exits].enumerated() {
                    var request = Bench.request(.hello(nonce: "n"), index: index, variant: "start=restore")
                    request.condition.count = count
                    let instance = try engine.launch(request)
                    defer { try? instance.dispose() }
                    #expect(try instance.waitForExit(deadline: request.deadline) == 0)
                    let error = #expect(throws: LabError.self) {
                        try instance.wait(
                            forOutputs: 2, deadline: count == nil ? request.deadline : .now())
                    }
                    #expect(error?.kind == (count == nil ? .instance : .timeout))
                }
            }
        }

        @Test("a damaged image is a clear error, and nothing is left")
        func aDamagedImageIsAClearError() throws {
            try Bench.shared.withEngine { engine in
                try engine.launch(Bench.request(.idle, variant: "start=restore")).dispose()
                let image = try image(of: engine)
                let whole = try Files.read(image, limit: 1 << 30)
                let damages: [[UInt8]] = [
                    Array(whole.prefix(whole.count / 2)), Array(whole.prefix(300)), [],
                    Array("no image".utf8) + whole.dropFirst(8),
                    Array(whole.prefix(92)) + Array("<domain/>".utf8),
                ]
                for damaged in damages {
                    try Files.write(damaged, to: image, mode: 0o600)
                    let request = Bench.request(.hello(nonce: "n"), variant: "start=restore")
                    let error = #expect(throws: LabError.self) {
                        let instance = try engine.launch(request)
                        defer { try? instance.dispose() }
                        _ = try instance.waitForExit(deadline: request.deadline)
                    }
                    #expect(error?.kind == .instance && error?.message.english.contains(image) == true)
                }
                try Files.write(whole, to: image, mode: 0o600)
                let request = Bench.request(.hello(nonce: "again"), variant: "start=restore")
                let instance = try engine.launch(request)
                #expect(try instance.waitForExit(deadline: request.deadline) == 0)
                try instance.dispose()
            }
        }
    }

    @Test("what cannot be restored is refused before anything is made")
    func whatCannotBeRestoredIsRefusedFirst() throws {
        try Bench.shared.withEngine { engine in
            let error = #expect(throws: LabError.self) {
                _ = try engine.launch(Bench.request(.idle, variant: "start=restore,console=none"))
            }
            #expect(error?.kind == .usage && error?.message.english.contains("needs a console") == true)
            let order = #expect(throws: LabError.self) {
                _ = try engine.launch(Bench.request(.hello(nonce: "a\tb"), variant: "start=restore"))
            }
            #expect(order?.kind == .usage)
        }
    }

    @Test func theCallsOfARestoreAreExplained() throws {
        try Bench.shared.withEngine { engine in
            let text = try engine.explain(Bench.request(.hello(nonce: "NONCE"), variant: "start=restore"))
            for part in [
                "virDomainSaveFlags", "virDomainRestoreFlags", "hello NONCE", "--channel=port:0xe9 await",
            ] {
                #expect(text.english.contains(part))
            }
        }
    }
}
