import Foundation
import LabCore
import Testing

@testable import VMDriver

// The boots are one suite, so that they come one after the other.
extension BootTests {
    /// Takes in what the guest says until `isDone`.
    private func wait(_ instance: any Instance, _ request: LaunchRequest, until isDone: () -> Bool) throws {
        while !isDone() {
            do {
                _ = try instance.waitForExit(deadline: .now().advanced(by: .milliseconds(5)))
                break
            } catch {
                guard error.kind == .timeout, MonotonicInstant.now() < request.deadline else { throw error }
            }
        }
    }

    /// The kinds three at a time: as many VMs as two processors boot at once without falling behind.
    static let groups = stride(from: 0, to: Workload.computeKinds.count, by: 3).map {
        Array(Workload.computeKinds[$0..<min($0 + 3, Workload.computeKinds.count)])
    }

    @Test(arguments: groups)
    func workHasTheSameDigestUnderAnotherKernel(kinds: [String]) throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/compute.json")
        let reference = try JSONDecoder().decode(
            [String: [String: String]].self, from: Data(contentsOf: file))
        try Bench.shared.withEngine { engine in
            var started: [(kind: String, request: LaunchRequest, instance: any Instance)] = []
            defer { for (_, _, instance) in started { try? instance.dispose() } }
            for (index, kind) in kinds.enumerated() {
                let request = Bench.request(
                    .compute(kind: kind, rounds: 2), index: index, seconds: 60)
                started.append((kind, request, try engine.launch(request)))
            }
            for (kind, request, instance) in started {
                try instance.waitUntilReady(deadline: request.deadline)
                try wait(instance, request) { instance.transcript.metrics["uptime-ns"] != nil }
                let digest = try #require(reference[kind]?["2"])
                #expect(instance.transcript.outputs == [digest], "\(kind)")
                if kind.hasPrefix("file-") {
                    // tmpfs or ramfs: the root is the initramfs.
                    let magic = try #require(instance.transcript.metrics["filesystem-magic"])
                    #expect([0x0102_1994, 0x8584_58f6].contains(magic))
                }
            }
        }
    }

    @Test func theGuestTellsItsOwnMemory() throws {
        try Bench.shared.withEngine { engine in
            let request = Bench.request(.touch(mebibytes: 32))
            let instance = try engine.launch(request)
            defer { try? instance.dispose() }
            try instance.waitUntilReady(deadline: request.deadline)
            try wait(instance, request) { instance.transcript.metrics["uptime-ns"] != nil }
            let total = try #require(instance.transcript.metrics["memory-total-bytes"])
            let available = try #require(instance.transcript.metrics["memory-available-bytes"])
            #expect((128 << 20..<request.memoryBytes).contains(total), "\(total)")
            #expect(available + 32 << 20 < total, "\(available) of \(total)")
        }
    }

    @Test("wrong words end a machine too, with the usage status")
    func wrongWordsEndAMachineToo() throws {
        try Bench.shared.withEngine { engine in
            let request = Bench.request(.compute(kind: "integer", rounds: 0))
            let instance = try engine.launch(request)
            defer { try? instance.dispose() }
            #expect(try instance.waitForExit(deadline: request.deadline) == 64)
        }
    }
}
