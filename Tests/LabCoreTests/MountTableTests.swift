import Glibc
import Testing

@testable import LabCore

@Suite struct MountTableTests {
    private let text = """
        24 23 0:20 / / rw shared:1 - ext4 /dev/vda rw
        25 24 0:21 / /mnt/a\\040b rw,nosuid - tmpfs tmpfs rw
        26 25 0:22 / /mnt/a\\040b/inner rw master:3 propagate_from:1 - overlay overlay rw,lowerdir=/x
        27 24 0:23 / /mnt/a\\040bc rw - cgroup2 cgroup2 rw
        half a line
        """

    @Test func aTableIsReadWithItsEscapes() {
        let table = MountTable(mountinfo: text)
        #expect(table.entries.map(\.mountPoint) == ["/", "/mnt/a b", "/mnt/a b/inner", "/mnt/a bc"])
        #expect(table.entries.map(\.type) == ["ext4", "tmpfs", "overlay", "cgroup2"])
        #expect(table.entries[2].superOptions == ["rw", "lowerdir=/x"])
    }

    @Test("a directory holds itself and what is below it, the newest first")
    func mountsBelowTheNewestFirst() {
        #expect(MountTable(mountinfo: text).mountPoints(in: "/mnt/a b") == ["/mnt/a b/inner", "/mnt/a b"])
        #expect(MountTable(mountinfo: text).mountPoints(in: "/nowhere").isEmpty)
    }

    @Test(
        "what is mounted in a directory is detached, and nothing else",
        .enabled(if: geteuid() == 0, "skipped: mounting needs root"))
    func mountsInADirectoryAreDetached() throws {
        try withTemporaryDirectory { path in
            for name in ["in side", "in side/deep", "beside"] {
                try Files.makeDirectory("\(path)/\(name)")
                try checked { mount("lab-test", "\(path)/\(name)", "tmpfs", 0, nil) }
            }
            try MountTable.detach(in: "\(path)/in side")
            #expect(MountTable.current().mountPoints(in: path) == ["\(path)/beside"])
            try MountTable.detach(in: path)
            #expect(MountTable.current().mountPoints(in: path).isEmpty)
        }
    }
}
