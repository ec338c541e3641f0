import FoundationEssentials
import Glibc
import Testing

@testable import LabCore

/// What a guest is made with, as far as it is not here.
private let lacking = ["qemu-system-x86_64", "mke2fs", "ldd"].filter { Tool.find($0) == nil }

/// `lab grade --guest`: judged in a VM of its own. Where there is no KVM that is emulated, and takes a minute.
@Suite(
    .serialized, .enabled(if: LabProgram.isBuilt, "lab has not been built"),
    .enabled(if: geteuid() == 0, "skipped: a guest is made by root"),
    .enabled(if: lacking.isEmpty, "skipped: there is no \(lacking.joined(separator: ", "))"))
struct GradeGuestTests {
    private let lab: LabProgram
    private var place: String { lab.directory.path }

    init() throws { lab = try LabProgram() }

    /// A tree with what lab and the exercise `unshare` need, of this machine's own files.
    private func makeTree(_ path: String) throws {
        for name in ["bin", "sbin", "lib", "lib64"] {
            try Files.makeDirectory("\(path)/usr/\(name)")
            try checked { symlink("usr/\(name)", "\(path)/\(name)") }
        }
        for name in ["etc", "proc", "sys", "dev", "tmp", "var", "root"] {
            try Files.makeDirectory("\(path)/\(name)")
        }
        let programs = try ["sh", "unshare", "mount", "cat", "true", "sleep", "env"].map { name in
            (try #require(Tool.find(name)), "\(path)/usr/bin/\(name)")
        }
        for (program, copy) in programs { try self.copy(program, to: copy) }
        for program in programs.map(\.0) + [try #require(LabProgram.path)] {
            let said = try Tool.run("ldd", [program], in: "/", deadline: .now().advanced(by: .seconds(20)))
            let libraries = said.text.split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix("/") }
            for library in libraries.map(String.init) where library != program {
                // What a debug build finds beside its compiler is looked for just there.
                let copy = "\(path)\(library.hasPrefix("/lib") ? "/usr" : "")\(library)"
                if !Files.exists(copy) { try self.copy(library, to: copy) }
            }
        }
    }

    private func copy(_ file: String, to copy: String) throws {
        if let slash = copy.lastIndex(of: "/") { try Files.makeDirectory(String(copy[..<slash])) }
        try Files.write(try Files.read(file, limit: 1 << 28), to: copy, mode: 0o755)
    }

    /// A course of the exercise unshare with these kinds of archives, and the kernels that tests of VMs keep.
    private func course(_ kinds: [String]) throws {
        try lab.makeCourse(kinds)
        let kernels = "/tmp/lab-vm-tests-\(getuid())/cache/kernels"
        for directory in [kernels, lab.paths.cache] { try Files.makeDirectory(directory, mode: 0o700) }
        try checked { symlink(kernels, "\(lab.paths.cache)/kernels") }
    }

    private func grade(_ options: String...) throws -> LabProgram.Finished {
        try lab.start(
            ["grade", "course", "submissions", "--json", "--guest"] + options, environment: ["LAB_FETCH": "1"]
        ).wait(within: .seconds(1_500))
    }

    private struct Entry: Decodable {
        struct Exercise: Decodable {
            let exercise: String
            let outcome: String
            let mistake: String?
            let said: String
        }
        let exercises: [Exercise]
    }

    /// QEMUs and directories that something of lab's has left since these were there.
    private static var machines: Set<String> {
        Set(Files.list("/var/lib/lab").filter { $0.hasPrefix("lab-") })
    }

    @Test("What is right passes in a guest as in a room, and nothing of the guest is left")
    func judged() throws {
        try course(["reference"])
        try makeTree("\(place)/tree")
        let before = Self.machines
        let finished = try grade("rootfs:\(place)/tree")
        let entry = try #require(try finished.json([Entry].self).first, "\(finished.errors)")
        let exercise = try #require(entry.exercises.first)
        if exercise.outcome == "ungradable",
            exercise.said.contains("no module") || exercise.said.contains("kernel")
        {
            try Test.cancel("skipped: \(exercise.said)")
        }
        #expect(exercise.outcome == "passed", "\(exercise.said) \(finished.errors)")
        #expect(finished.status == 0)
        // Its own: others' tests make some at the same time.
        let left = Self.machines.subtracting(before)
        #expect(!left.contains { $0.hasSuffix("-guest") }, "\(left)")
        #expect(lab.leftovers.isEmpty)
        // What a student handed in stays in no cache.
        let initramfs = "\(lab.paths.cache)/initramfs"
        for name in Files.list(initramfs) {
            let bytes = try Files.read("\(initramfs)/\(name)", limit: 1 << 28)
            #expect(!String(decoding: bytes, as: UTF8.self).contains("\"oracle\""))
        }
        // It is another grader's than that of rooms.
        let results = Files.list("\(place)/grades/results").filter { $0.hasSuffix(".json") }
        #expect(results.count == 1)
        #expect(try grade("rootfs:\(place)/tree", "--resume").errors.contains("archives graded: 0"))
    }

    @Test(
        "A tree without what lab needs judges nothing, and says why; an image that is not there is an error")
    func refusals() throws {
        try course(["reference"])
        let missing = try grade("nowhere")
        #expect(missing.status == 66 && missing.errors.contains("nowhere"), "\(missing.errors)")
        let host = try grade("rootfs:/")
        #expect(host.status == 69, "\(host.errors)")
        for name in ["etc", "proc", "sys", "dev", "tmp", "var"] {
            try Files.makeDirectory("\(place)/bare/\(name)")
        }
        let bare = try grade("rootfs:\(place)/bare")
        let exercise = try #require(try bare.json([Entry].self).first?.exercises.first, "\(bare.errors)")
        #expect(bare.status == 1 && exercise.outcome == "ungradable", "\(exercise.said)")
        #expect(lab.leftovers.isEmpty)
    }
}
