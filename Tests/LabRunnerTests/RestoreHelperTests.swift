import Glibc
import LabCore
import Testing

/// Where Debian has them.
private let helpers = "/usr/lib/libvirt"

/// Where libvirt lacks the helper that saves a VM, `start=restore` is unavailable, and nothing else.
@Suite(
    "without libvirt's helper",
    .enabled(
        if: LabProgram.isBuilt && geteuid() == 0 && Files.isDirectory(helpers),
        "skipped: needs root, the built lab, and the helpers of libvirt-daemon to hide"))
struct RestoreHelperTests {
    @Test func aRestoreIsUnavailableWithTheRemedy() throws {
        let lab = try LabProgram()
        // A cache that outlives the test: the guest kernel is downloaded once, not for each run of the tests.
        let shared = "/tmp/lab-vm-tests-\(getuid())/cache"
        try Files.makeDirectory(shared)
        try Files.makeDirectory("\(lab.directory.path)/home")
        #expect(symlink(shared, "\(lab.directory.path)/home/cache") == 0)
        // In a mount namespace of its own, so that only this run misses them.
        let hide = #"mount -t tmpfs none "$0" && exec "$@""#
        let program = try #require(LabProgram.path)
        let ended = try lab.start(
            [
                "-m", "sh", "-c", hide, helpers, program, "run", "vm-tuning", "--engine", "qemu",
                "--series",
                "restore", "--samples", "3", "--output", "out",
            ], program: "/usr/bin/unshare", environment: ["LAB_FETCH": "1"]
        ).wait()
        if ended.status == 69 { try Test.cancel("skipped: \(ended.errors)") }
        #expect(ended.status == 0, "\(ended.errors)")
        let report = try Files.readText("\(lab.directory.path)/out/report.md")
        #expect(
            report.contains("`start=restore`: unavailable, because libvirt can't save a VM here"), "\(report)"
        )
        #expect(report.contains("libvirt-daemon") && report.contains("iohelper"))
        let samples = try Files.readText("\(lab.directory.path)/out/samples.jsonl")
        // Asked once, and not again.
        #expect(samples.ranges(of: "\"failed\"").count == 1, "\(samples)")
        #expect(lab.leftovers.isEmpty)
    }
}
