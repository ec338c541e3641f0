import Glibc
import Testing

@testable import LabCore

/// The kernel's own files with a few bytes changed, and no kernel's: each parser gives something or nothing.
struct HostileKernelTextTests {
    private static let numbers = [
        "18446744073709551615", "-1", "9223372036854775808", "0", "\n", " ", ":", "/..", "\\777", "\\04",
        "\u{0}", "é",
        "99999999999999999999999999999",
    ]

    /// Each with the file of this machine that it reads.
    private static let parsers: [(path: String, parse: @Sendable (String) -> Void)] = [
        (
            "/proc/self/mountinfo",
            { text in
                let table = MountTable(mountinfo: text)
                _ = table.covering("/proc/self")
                _ = table.mountPoints(in: "/sys")
            }
        ), ("/proc/self/mountinfo", { _ = CgroupLayout(mountinfo: $0) }),
        ("/proc/self/smaps", { _ = HostMapping.all(smaps: String($0.prefix(4_096))) }),
        ("/proc/meminfo", { _ = HostMemory.available(meminfo: $0) }),
        ("/proc/meminfo", { _ = MemoryInfo($0).swapUsed }),
        (
            "/proc/stat",
            { text in
                guard let times = CPUTimes(text), let other = CPUTimes("cpu 1 1 1 1 1 1 1 1") else { return }
                _ = times.stealShare(since: other)
                _ = other.stealShare(since: times)
            }
        ), ("/etc/os-release", { _ = DebianPackage.kernel(in: $0) }),
    ]

    @Test("No text that a kernel could write, and none that it couldn't, traps a parser")
    func anyTextIsRead() throws {
        var fuzzer = Fuzzer(seed: 1_105)
        for (path, parse) in Self.parsers {
            let seed = Array((try? Files.read(path, limit: 1 << 20))?.prefix(6_000) ?? [])
            for round in 0..<400 {
                let bytes =
                    round % 8 == 0
                    ? fuzzer.bytes(atMost: 300) : fuzzer.mutated(seed, dictionary: Self.numbers)
                parse(String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    @Test("Any words make a shown text of one line, and any path an answer")
    func anyWordsAreAnswered() throws {
        var fuzzer = Fuzzer(seed: 1_106)
        try withTemporaryDirectory { home in
            let run = try RunPlaces("r", LabPaths(cache: "\(home)/cache", state: "\(home)/state"))
            for _ in 0..<2_000 {
                let seed = Array("\(home)/state/runs/r/../lab-r-1".utf8)
                let text = String(
                    decoding: fuzzer.mutated(seed, dictionary: Self.numbers + ["/runs/", "lab-r-"]),
                    as: UTF8.self)
                #expect(RunPlaces.shown(text).utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
                _ = run.owns(text)
                _ = RunPlaces.isRunID(text)
                _ = try? LabPaths.current(environment: ["LAB_HOME": text])
                _ = try? OwnDirectory.open(text)
                _ = MachineSetting(name: text, root: home)
                _ = SearchPath.absolute(text)
            }
        }
    }
}
