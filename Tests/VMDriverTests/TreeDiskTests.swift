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

    /// Something that is called like a disk, used so many seconds ago.
    private func pretend(_ name: String, tree: String, age: Int, in paths: LabPaths) throws {
        let path = "\(paths.cache)/disks/\(name)"
        try Files.makeDirectory("\(paths.cache)/disks")
        try Files.write("x", to: path)
        try Files.write("0 \(tree)\n", to: "\(path).sha256")
        var times = [timespec](repeating: timespec(tv_sec: time(nil) - age, tv_nsec: 0), count: 2)
        try checked { utimensat(AT_FDCWD, "\(path).sha256", &times, 0) }
    }

    @Test("As many disks stay as are used, and of the others the last; one in use stays whatever its age")
    func bounded() throws {
        try with { tree, paths in
            let format = try #require(Self.formats.first, "no program makes a disk")
            var first: TreeDisk? = try TreeDisk.of(
                try tree.tree(), in: tree.path, as: format, paths: paths)
            var old = [timespec](repeating: timespec(tv_sec: 1_000, tv_nsec: 0), count: 2)
            try checked { utimensat(AT_FDCWD, "\(first?.path ?? "").sha256", &old, 0) }
            for number in 1...TreeDisks.most {
                try pretend("old-\(number).erofs", tree: "t", age: number * 100, in: paths)
            }
            func names() -> [String] {
                Files.list("\(paths.cache)/disks").filter { !$0.hasSuffix(".sha256") }
            }
            try Files.write("new\n", to: "\(tree.path)/etc/motd")
            let second = try TreeDisk.of(try tree.tree(), in: tree.path, as: format, paths: paths)
            #expect(Files.exists(second.path) && Files.exists(first?.path ?? ""))
            #expect(names().count == TreeDisks.most + 1)
            #expect(!names().contains("old-\(TreeDisks.most).erofs") && names().contains("old-1.erofs"))
            first = nil
            try Files.write("newer\n", to: "\(tree.path)/etc/motd")
            let third = try TreeDisk.of(try tree.tree(), in: tree.path, as: format, paths: paths)
            #expect(names().count == TreeDisks.most && Files.exists(second.path) && Files.exists(third.path))
        }
    }

    @Test("Those of trees that nobody has any more are collected, and what a killed process was making")
    func collected() throws {
        try with { tree, paths in
            let format = try #require(Self.formats.first, "no program makes a disk")
            let named = try tree.tree()
            var disk: TreeDisk? = try TreeDisk.of(named, in: tree.path, as: format, paths: paths)
            let path = disk?.path ?? ""
            try pretend("other.ext4", tree: "other", age: 0, in: paths)
            try pretend("old.erofs.building-1-2", tree: "x", age: 0, in: paths)
            var old = [timespec](repeating: timespec(tv_sec: 1_000, tv_nsec: 0), count: 2)
            for ending in ["", ".sha256"] {
                try checked {
                    utimensat(AT_FDCWD, "\(paths.cache)/disks/old.erofs.building-1-2\(ending)", &old, 0)
                }
            }
            try Files.write("x", to: "\(paths.cache)/disks/new.erofs.building-1-3")
            let kept = TreeDisks.collect(keeping: [try #require(named.digest)], paths: paths)
            #expect(kept.disks == 1 && kept.busy == 0 && Files.exists(path))
            let busy = TreeDisks.collect(keeping: [], paths: paths)
            #expect(busy.disks == 0 && busy.busy == 1 && Files.exists(path))
            disk = nil
            #expect(TreeDisks.collect(keeping: [], paths: paths).disks == 1)
            #expect(Files.list("\(paths.cache)/disks") == ["new.erofs.building-1-3"])
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
