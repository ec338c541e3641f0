import Foundation
import Glibc
import LabCore
import Testing

@testable import Results

@Suite struct ResultStoreTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = "\(NSTemporaryDirectory())/lab-store-\(UUID().uuidString)"
        try Files.makeDirectory(path)
        defer { try? Files.removeTree(path) }
        try body(path)
    }

    private var result: RunResult {
        var result = ResultFixture.result([(.process, [10, 20, 30]), (.qemu, [1 << 53 + 1, 7])])
        result.samples.append(ResultFixture.failure(99, .qemu))
        return result
    }

    @Test func resultSurvivesTheRoundTrip() throws {
        try withDirectory { directory in
            let path = try ResultStore.save(result, in: directory)
            let first = try Files.read(path)
            #expect(try ResultStore.load(directory) == result)
            #expect(try ResultStore.load(path) == result)
            #expect(try ResultStore.load(path).header.plan.seed == .max, "64 bits of seed are kept")
            try ResultStore.save(try ResultStore.load(path), in: directory)
            #expect(try Files.read(path) == first)
        }
    }

    @Test func logSurvivesTheRoundTrip() throws {
        try withDirectory { directory in
            let log = try SampleLog(directory: directory, header: result.header)
            for sample in result.samples { try log.append(sample) }
            var killed = result
            killed.closing = .init(.killed)
            #expect(
                try ResultStore.load(directory) == killed, "a log without an ending belongs to a killed run")
            try log.finish(.init(.complete))
            #expect(try ResultStore.load(directory) == result)
            #expect(throws: LabError.self) { _ = try SampleLog(directory: directory, header: result.header) }
        }
    }

    /// Whatever the byte at which a crash cuts the log, all complete samples are read.
    @Test func tornLogIsReadUpToTheTear() throws {
        try withDirectory { directory in
            let log = try SampleLog(directory: directory, header: result.header)
            for sample in result.samples { try log.append(sample) }
            let bytes = try Files.read(log.path)
            let headerEnd = try #require(bytes.firstIndex(of: 0x0a))
            #expect(throws: LabError.self) {
                _ = try ResultStore.parse(log: Array(bytes[..<headerEnd]), path: "x")
            }
            for cut in stride(from: headerEnd + 1, through: bytes.count, by: 7) {
                let whole = bytes[..<cut].count { $0 == 0x0a } - 1
                let read = try ResultStore.parse(log: Array(bytes[..<cut]), path: "x.jsonl")
                #expect(read.ending == .killed)
                #expect(
                    read.samples.count - whole <= 1
                        && read.samples.elementsEqual(result.samples.prefix(read.samples.count)))
            }
        }
    }

    /// A full disk loses no earlier sample, and the log goes on when there is room again.
    @Test(.enabled(if: geteuid() == 0, "skipped: a file system of our own needs root"))
    func fullDiskLosesNoEarlierSample() throws {
        try withDirectory { directory in
            let mounted = mount("lab-test", directory, "tmpfs", 0, "size=16k")
            try #require(mounted == 0, "tmpfs: \(Errno(errno))")
            var isMounted = true
            defer { if isMounted { umount2(directory, Int32(MNT_DETACH)) } }
            let log = try SampleLog(directory: directory, header: result.header)
            var written = 0
            var refusal: LabError?
            while refusal == nil && written < 10_000 {
                do throws(LabError) {
                    try log.append(ResultFixture.observation(written, .process, ready: 5))
                    written += 1
                } catch {
                    refusal = error
                }
            }
            let error = try #require(refusal)
            #expect(error.kind == .output && error.message.english.contains(log.path) && error.remedy != nil)
            #expect(try ResultStore.load(directory).samples.count == written)
            mount("lab-test", directory, "tmpfs", UInt(MS_REMOUNT), "size=64k")
            try log.append(ResultFixture.observation(written, .process, ready: 5))
            #expect(try ResultStore.load(directory).samples.count == written + 1)
            umount2(directory, Int32(MNT_DETACH))
            isMounted = false
        }
    }

    @Test func missingResultsAreNamedWithARemedy() throws {
        try withDirectory { directory in
            for path in [directory, "\(directory)/nothing"] {
                let error = #expect(throws: LabError.self) { _ = try ResultStore.load(path) }
                #expect(
                    error?.kind == .input && error?.remedy != nil
                        && error?.message.english.contains(path) == true)
            }
        }
    }

    private func edited(_ edit: (inout RunResult) -> Void) throws -> [UInt8] {
        var copy = result
        copy.samples[0].warmup = true
        edit(&copy)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return Array(try encoder.encode(copy))
    }

    private func log() throws -> [UInt8] {
        let encoder = JSONEncoder()
        let lines = try [encoder.encode(result.header)] + result.samples.map { try encoder.encode($0) }
        return lines.flatMap { Array($0) + [0x0a] } + Array("{\"ending\":\"budget\"}\n".utf8)
    }

    private func refusal(_ bytes: [UInt8]) -> LabError? {
        #expect(throws: LabError.self) { _ = try ResultStore.parse(json: bytes, path: "r.json") }
    }

    @Test func impossibleResultsAreRefusedByKey() throws {
        let cases: [(String, (inout RunResult) -> Void)] = [
            ("samples[1].engine", { $0.samples[1].engine = "xen" }),
            ("samples[2].index", { $0.samples[2].index = $0.samples[1].index }),
            ("samples[0].index", { $0.samples[0].index = -1 }),
            ("samples[1].stepNanoseconds", { $0.samples[1].stepNanoseconds = [1, 2, 3] }),
            ("samples[1].values.guest-uptime-ns", { $0.samples[1].values["guest-uptime-ns"] = -1e30 }),
            (
                "samples[1].timeline.ready",
                { $0.samples[1] = ResultFixture.observation(1, .process, ready: .max) }
            ),
            ("header.engines", { $0.header.engines.append($0.header.engines[0]) }),
            ("header.lab.metrics", { $0.header.lab.metrics = [] }),
            ("header.lab.samples.warmup", { $0.header.lab.samples.warmup = -1 }),
            ("header.lab.samples.qemu", { $0.header.lab.samples.counts.perEngine[.qemu] = -1 }),
            ("header.lab.samples.growth", { $0.header.lab.samples.growth = 0 }),
            ("header.lab.series", { $0.header.lab.series = [] }),
            (
                "header.lab.series[0].parameters",
                { $0.header.lab.series[0].parameters = [.init(.touch, [] as [Condition])] }
            ),
            (
                "header.lab.series[0].parameters",
                {
                    let most = (1...Factor.mostInstances).map(String.init)
                    $0.header.lab.series[0].parameters = [
                        .init(.touch, most), .init(.instances, most), .init(.concurrency, most),
                    ]
                }
            ),
            ("header.harnessNanoseconds", { $0.header.harnessNanoseconds = [1, .max] }),
            ("header.lab.budgetSeconds", { $0.header.lab.budgetSeconds = -1 }),
            ("header.lab.cpus", { $0.header.lab.cpus = 0 }),
            ("header.environment.cpuCount", { $0.header.environment.cpuCount = 0 }),
            ("header.plan.trials", { $0.header.plan.trials[0].engine = "xen" }),
        ]
        for (key, edit) in cases {
            let error = refusal(try edited(edit))
            #expect(error?.kind == .data && error?.remedy != nil)
            #expect(error?.message.english == "r.json is malformed at \(key)")
        }
    }

    @Test func malformedJSONIsRefusedByPlace() throws {
        let text = String(decoding: try edited { _ in }, as: UTF8.self)
        func refused(_ old: String, _ new: String) -> String {
            let changed = text.replacingOccurrences(of: old, with: new)
            #expect(text.contains(old))
            return refusal(Array(changed.utf8))?.description ?? ""
        }
        #expect(refused("lab.result/5", "lab.result/9").contains(#"has the schema "lab.result/9""#))
        // What wrote strings where messages are now.
        let older = refused("lab.result/5", "lab.result/4")
        #expect(older.contains("this version of lab reads lab.result/5") && older.contains("remedy: "))
        // For a number that doesn't fit the decoder gives no key path.
        for number in ["1e999", "-1", "18446744073709551616", "1.5", "NaN"] {
            #expect(
                refused("\"seed\":18446744073709551615", "\"seed\":\(number)").hasPrefix(
                    "r.json is malformed"))
        }
        #expect(refused("\"kind\":\"process\"", "\"kind\":\"magic\"").contains("header.engines[0].kind"))
        #expect(refusal([])?.kind == .data)
        #expect(refusal(Array(repeating: UInt8(ascii: "["), count: 100_000))?.kind == .data)

        let error = #expect(throws: LabError.self) {
            let header = try JSONEncoder().encode(result.header)
            _ = try ResultStore.parse(log: Array(header) + Array("\n{}\n{}\n".utf8), path: "s.jsonl")
        }
        #expect(error?.message.english.hasPrefix("s.jsonl:2") == true)
    }

    /// Damaged files never crash: each is a clear error or a result that is possible.
    @Test(arguments: [false, true])
    func damagedFilesNeverCrash(isLog: Bool) throws {
        var generator = SeededGenerator(seed: 20_261_124)
        let json = isLog ? try log() : try edited { _ in }
        let alphabet = Array("0123456789-.eE\"{}[],:\\\n\u{0}ntru".utf8)
        for _ in 0..<1_500 {
            var bytes = json
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes[place] = alphabet.randomElement(using: &generator) ?? 0
                case 2: bytes.insert(alphabet.randomElement(using: &generator) ?? 0, at: place)
                case 3:
                    bytes.removeSubrange(
                        place..<min(bytes.count, place + Int.random(in: 1...40, using: &generator)))
                default:
                    let end = min(bytes.count, place + Int.random(in: 1...40, using: &generator))
                    bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
                }
                if bytes.isEmpty { break }
            }
            do throws(LabError) {
                if isLog {
                    _ = try ResultStore.parse(log: bytes, path: "r.json")
                } else {
                    _ = try ResultStore.parse(json: bytes, path: "r.json")
                }
            } catch {
                #expect(
                    error.kind == .data && error.message.english.hasPrefix("r.json") && error.remedy != nil)
            }
        }
    }
}
