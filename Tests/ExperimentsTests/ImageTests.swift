import Artifacts
import Glibc
import Testing

@testable import Experiments
@testable import LabCore

/// The files of images, measured for real: small ones here, the distribution where it is in the cache.
@Suite struct ImageTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = "/tmp/lab-images-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try Files.makeDirectory(path)
        defer { try? Files.removeTree(path) }
        try body(path)
    }

    private static let qemu = Tool.find("qemu-system-x86_64") != nil
    private static let ext4 = Tool.find("mke2fs") != nil && Tool.find("debugfs") != nil

    @Test func theSameFilesGiveTheSameArchive() throws {
        try withDirectory { place in
            try Files.makeDirectory("\(place)/-tree")
            try Files.write([UInt8](repeating: 65, count: 50_000), to: "\(place)/-tree/file")
            symlink("/", "\(place)/-tree/root")
            let first = try Archive.write(["\(place)/-tree", "\(place)/-tree/file"], to: "\(place)/1")
            utimes("\(place)/-tree/file", [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)])
            let second = try Archive.write(["\(place)/-tree", "\(place)/-tree/file"], to: "\(place)/2")
            #expect(first == second && first < 5_000)
            let digest = try Digest.sha256(file: "\(place)/1")
            let other = try Digest.sha256(file: "\(place)/2")
            #expect(other == digest)
        }
    }

    @Test func whatIsNotThereGivesNoArchive() throws {
        try withDirectory { place in
            #expect(throws: LabError.self) { try Archive.write(["\(place)/none"], to: "\(place)/x") }
        }
    }

    @Test("a kernel is found by what it holds, and a module by its name")
    func kernelAndModulesAreFound() throws {
        try withDirectory { tree in
            try Files.makeDirectory("\(tree)/lib/modules/1/kernel")
            // The head of a bzImage, Documentation/arch/x86/boot.rst.
            var image = [UInt8](repeating: 0, count: 10_000)
            image.replaceSubrange(0x1fe..<0x200, with: [0x55, 0xaa])
            image.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
            try Files.write(image, to: "\(tree)/harmless.txt")
            // Neither is a kernel: a boot sector without one, and a file that is only called so.
            image[0x203] = 0
            try Files.write(image, to: "\(tree)/sector")
            try Files.write("nothing", to: "\(tree)/vmlinuz")
            for ending in ["ko", "ko.xz", "ko.zst"] {
                try Files.write("12345", to: "\(tree)/lib/modules/1/kernel/ext4.\(ending)")
            }
            symlink("/boot", "\(tree)/boot")
            var search = KernelSearch()
            var usage = DiskUsage()
            try usage.add(tree) { (entry) throws(LabError) in try search.look(at: entry) }
            #expect(search.kernels == ["harmless.txt"])
            #expect(search.modules == 3)
            #expect(search.bytes == 10_015)
        }
    }

    @Test(arguments: [0, 4_095, 4_096, (1 << 20) - 1, 1 << 20, 5 << 20])
    func aChangedByteIsAChangedBlock(at place: Int) throws {
        try withDirectory { directory in
            // Data, a hole of 3 MiB, and data again; not a whole number of blocks.
            var bytes = [UInt8](repeating: 9, count: 2 << 20)
            bytes += [UInt8](repeating: 0, count: 3 << 20)
            bytes += [UInt8](repeating: 5, count: 5_000)
            try Files.write(bytes, to: "\(directory)/old")
            let same = try ChangedBlocks(
                of: "\(directory)/old", since: "\(directory)/old", to: "\(directory)/none")
            #expect(same.count == 0)
            bytes[place] = 77
            try Files.write(bytes, to: "\(directory)/new")
            let changed = try ChangedBlocks(
                of: "\(directory)/new", since: "\(directory)/old", to: "\(directory)/blocks")
            #expect(changed.count == 1)
            let start = place / 4_096 * 4_096
            let block = Array(bytes[start..<min(start + 4_096, bytes.count)])
            let written = try Files.read("\(directory)/blocks")
            #expect(written == block)
        }
    }

    @Test func whatOnlyTheNewFileHasIsChanged() throws {
        try withDirectory { directory in
            try Files.write([1, 2, 3], to: "\(directory)/old")
            try Files.write([1, 2, 3, 4], to: "\(directory)/new")
            let changed = try ChangedBlocks(
                of: "\(directory)/new", since: "\(directory)/old", to: "\(directory)/blocks")
            #expect(changed.count == 1)
        }
    }

    @Test(
        "overlays share their disk and hold what was written",
        .enabled(if: qemu, "skipped: there is no qemu-system-x86_64"))
    func overlaysShareTheirDisk() throws {
        try withDirectory { directory in
            let base = "\(directory)/a,base.img"
            try Files.write([UInt8](repeating: 0x42, count: 1 << 20), to: base)
            let before = try Digest.sha256(file: base)
            try DiskOverlays.make(3, over: base, in: directory)
            let after = try Digest.sha256(file: base)
            #expect(after == before)
            for number in 0..<3 {
                // QEMU reads the written block from the overlay and the rest from the disk below.
                let said = try DiskOverlays.monitor(
                    [
                        "qemu-io d0 \"read -P \(1 + number) 0 4096\"",
                        "qemu-io d0 \"read -P 0x42 4096 65536\"",
                    ],
                    ["-drive", "if=none,id=d0,format=qcow2,file=\(number).qcow2,file.locking=off"],
                    in: directory)
                #expect(said.contains("read 4096/4096 bytes") && said.contains("read 65536/65536 bytes"))
                #expect(!said.contains("verification failed"), "\(said)")
            }
        }
    }

    @Test(.enabled(if: qemu, "skipped: there is no qemu-system-x86_64"))
    func overlaysOfNothingAreAnError() throws {
        try withDirectory { directory in
            #expect(throws: LabError.self) {
                try DiskOverlays.make(1, over: "\(directory)/none", in: directory)
            }
        }
    }

    @Test(.enabled(if: ext4, "skipped: there is no mke2fs and debugfs"))
    func aDiskIsWrittenToWithoutAMount() throws {
        try withDirectory { directory in
            let disk = DiskImage(path: "\(directory)/disk.img")
            let clock = MonotonicInstant.now().advanced(by: .seconds(20))
            try Files.write("old", to: "\(directory)/file")
            let made = try Tool.run(
                "mke2fs", ["-q", "-t", "ext4", disk.path, "4M"], in: directory, deadline: clock)
            #expect(made.status == 0)
            try disk.write("\(directory)/file", as: "file", replacing: false)
            try Files.write("newer", to: "\(directory)/file")
            try disk.write("\(directory)/file", as: "file", replacing: true)
            let said = try Tool.run(
                "debugfs", ["-R", "cat file", disk.path], in: directory, deadline: clock)
            #expect(said.text.contains("newer"))
            // Its checker finds nothing to mend.
            let check = try Tool.run("e2fsck", ["-fn", disk.path], in: directory, deadline: clock)
            #expect(check.status == 0, "\(check.text)")
            #expect(throws: LabError.self) {
                try disk.write("\(directory)/file", as: "file", replacing: false)
            }
        }
    }

    @Test func withoutLeaveTheNetworkIsNotUsed() throws {
        try withDirectory { home in
            let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
            let journal = try RunJournal(runID: "d1", paths: paths)
            defer { journal.finish() }
            let root = RootFilesystem(directory: home, digest: "", guestDigest: "")
            let context = RunContext(runID: "d1", paths: paths, journal: journal, rootFilesystem: root)
            let error = #expect(throws: LabError.self) { try Distribution.open(context) }
            #expect(error?.kind == .unavailable)
            if Files.line("/etc/os-release")?.contains("ID=debian") == true {
                #expect(error?.remedy?.english == "add --fetch")
            }
            #expect(!Files.exists(paths.cache))
        }
    }
}
