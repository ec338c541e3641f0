import Artifacts
import Glibc
import LabCore
import TestTrees
import Testing

@Suite(.enabled(if: BusyboxTree.isThere, "skipped: there is no static busybox"))
struct TreeDiskTests {
    /// A tree, and paths of a home that goes with the body.
    private func with(_ body: (BusyboxTree, LabPaths) throws -> Void) throws {
        let home = "/tmp/lab-disk-tests-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { try? Files.removeTree(home) }
        try body(BusyboxTree(), LabPaths(cache: "\(home)/cache", state: "\(home)/state"))
    }

    private static let formats = TreeDisk.Format.allCases.filter { Tool.find($0.tool.name) != nil }

    @Test(
        "The same tree is the same disk, found again; another time of a file is another", arguments: formats)
    func sameTree(format: TreeDisk.Format) throws {
        try with { tree, paths in
            let named = try tree.tree()
            let disk = try TreeDisk.of(named, in: tree.path, as: format, paths: paths)
            #expect(try Digest.sha256(file: disk.path) == disk.digest)
            var status = stat()
            try checked { stat(disk.path, &status) }
            let made = status.st_ino
            #expect(try TreeDisk.of(named, in: tree.path, as: format, paths: paths) == disk)
            try checked { stat(disk.path, &status) }
            #expect(status.st_ino == made)
            // Made anew it is the same to the byte, also where it was damaged.
            try Files.write("damaged", to: disk.path)
            #expect(try TreeDisk.of(named, in: tree.path, as: format, paths: paths) == disk)
            #expect(try Digest.sha256(file: disk.path) == disk.digest)

            var times = [timespec(tv_sec: 1_000, tv_nsec: 0), timespec(tv_sec: 1_000, tv_nsec: 0)]
            try checked { utimensat(AT_FDCWD, "\(tree.path)/etc/motd", &times, 0) }
            let other = try TreeDisk.of(try tree.tree(), in: tree.path, as: format, paths: paths)
            #expect(try tree.tree().digest == named.digest && other.path != disk.path)
            #expect(Files.list("\(paths.cache)/disks").count == 4)
        }
    }

    private static let canExtract = Tool.find("fsck.erofs") != nil && geteuid() == 0

    @Test(
        "What is on the disk is the tree",
        .enabled(if: canExtract, "skipped: not root, or there is no fsck.erofs to read the disk with"))
    func contents() throws {
        try with { tree, paths in
            try checked { mkfifo("\(tree.path)/srv/fifo", 0o620) }
            lchown("\(tree.path)/etc/motd", 77, 88)
            let named = try tree.tree()
            let disk = try TreeDisk.of(named, in: tree.path, as: .erofs, paths: paths)
            let copy = "\(paths.state)/copy"
            try Files.makeDirectory(paths.state)
            let ended = try Tool.run(
                "fsck.erofs", ["--extract=\(copy)", disk.path], in: "/",
                deadline: .now().advanced(by: .seconds(60)))
            #expect(ended.status == 0, "\(ended.text)")
            #expect(try FileTree.rootfs(copy).digest == named.digest)
        }
    }

    @Test("No room, a tree that can't be read and the host's own root are errors, and nothing is left")
    func refusals() throws {
        try with { tree, paths in
            let named = try tree.tree()
            let room = try #require(throws: LabError.self) {
                _ = try TreeDisk.of(named, in: tree.path, as: .erofs, paths: paths, free: 1 << 20)
            }
            #expect(room.kind == .output && room.reason.english.contains("1 MiB are free"))
            #expect(room.remedy?.english.contains("LAB_HOME") == true)
            let gone = try #require(throws: LabError.self) {
                _ = try TreeDisk.of(named, in: "\(tree.path)/gone", as: .erofs, paths: paths)
            }
            #expect(gone.kind == .input)
            let host = FileTree(reference: "rootfs:/", layers: ["/"], digest: nil)
            let root = try #require(throws: LabError.self) {
                _ = try TreeDisk.of(host, in: "/", as: .erofs, paths: paths)
            }
            #expect(root.kind == .unavailable && root.remedy != nil)
            #expect(Files.list("\(paths.cache)/disks").isEmpty)
        }
    }
}
