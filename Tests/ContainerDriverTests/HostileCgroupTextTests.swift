import LabCore
import Testing

@testable import ContainerDriver

/// What the files of cgroups hold, with a few bytes changed: each parser gives something or nothing.
@Suite struct HostileCgroupTextTests {
    private static let seeds = [
        "usage_usec 18446744073709551615\nnr_periods 10\nnr_throttled 3\nthrottled_usec 18446744073709551615\n",
        "throttled_time 5\ncache 1\nkernel 4096\n",
        "some avg10=0.00 total=18446744073709551615\nfull total=1\n",
        "8:0 Read 1\n8:0 Write 4096\n8:0 rbytes=1 wbytes=18446744073709551615\n",
        "0::/user.slice/user-0.slice/session.scope\n1:cpu,cpuacct:/a\n", "max 100000\n",
        "25 30 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n26 30 0:23 / /x rw - cgroup cgroup rw,cpu\n",
    ]
    private static let pieces = [
        "18446744073709551616", "-1", "\n", " ", "=", ":", "..", "/", "\u{0}", "total=", "wbytes=", "0::/",
        ".scope",
    ]

    @Test("No text of a cgroup's file traps")
    func anyTextIsRead() {
        var generator = SeededGenerator(seed: 1_107)
        for seed in Self.seeds {
            for _ in 0..<1_500 {
                var text = Array(seed.utf8)
                for _ in 0..<Int.random(in: 0...4, using: &generator) {
                    let place = Int.random(in: 0...text.count, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0 where place < text.count:
                        text[place] = UInt8.random(in: 0...255, using: &generator)
                    case 1: text.removeSubrange(place..<min(text.count, place + 7))
                    default:
                        text.insert(
                            contentsOf: (Self.pieces.randomElement(using: &generator) ?? "").utf8, at: place)
                    }
                }
                read(String(decoding: text, as: UTF8.self))
            }
        }
    }

    private func read(_ text: String) {
        for key in ["usage_usec", "nr_periods", "kernel"] { _ = ControlFile.value(of: key, in: text) }
        for version in [CgroupMounts.Hierarchy.Version.v1, .v2] {
            _ = CgroupReader.throttledNanoseconds(version, text)
        }
        _ = PressureFile.total(some: text)
        _ = IOLimit.bytesWritten(on: "8:0", in: text)
        _ = CgroupMounts(mountinfo: text) { _ in text }
        _ = CgroupDelegation(
            mountinfo: Self.seeds[6], membership: text, isSystemdRunning: true, isDelegated: { _ in true })
        _ = CgroupDelegation(mountinfo: text, membership: Self.seeds[4], isSystemdRunning: false) { _ in false
        }
        _ = Systemd.unitOfUser(0, at: text)
        _ = ContainerFlags.isInventedID(text)
    }
}
