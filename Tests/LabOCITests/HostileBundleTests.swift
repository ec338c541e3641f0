import CLinux
import Glibc
import LabCore
import OCI
import Synchronization
import TestTrees
import Testing

@testable import LabOCI

private final class Flag: Sendable {
    let isOver = Atomic(false)
}

/// Holes that other runtimes had, each with a control that shows that the test would see it.
@Suite("lab-oci: hostile images", .enabled(if: Runtimes.canRun, Runtimes.reason))
struct HostileBundleTests {
    /// A hook that runs between the mounts and the step into the root writes down where the marked mounts are, by the host's
    /// names.
    private static func watched(_ bundle: Bundle, _ target: String) -> RuntimeSpec {
        var spec = Bundle.spec(["/bin/true"])
        spec.root?.readonly = false
        spec.mounts?.append(bundle.mount(target, "tmpfs", "lab-marker", ["nosuid"]))
        spec.hooks = RuntimeSpec.Hooks {
            $0.createContainer = [
                RuntimeSpec.Hook {
                    $0.path = "/bin/sh"
                    $0.args = ["sh", "-c", "grep lab-marker /proc/self/mountinfo >> \(bundle.directory)/log"]
                    $0.env = ["PATH=/usr/bin:/bin"]
                }
            ]
        }
        return spec
    }

    private static func outside(_ bundle: Bundle) throws -> [String] {
        MountTable(mountinfo: try Files.readText("\(bundle.directory)/log")).entries.map(\.mountPoint).filter
        {
            !$0.hasPrefix("\(bundle.root)/")
        }
    }

    /// Mounts by name as a careless runtime does it, in a mount namespace of its own.
    private static func carelessMount(_ bundle: Bundle, _ target: String) throws {
        _ = try Tool.run(
            "unshare",
            [
                "--mount", "/bin/sh", "-c",
                "mount -t tmpfs lab-marker \(bundle.root)\(target) && grep lab-marker /proc/self/mountinfo >> \(bundle.directory)/log",
            ], in: "/", deadline: .now().advanced(by: .seconds(20)))
    }

    @Test(
        "CVE-2021-30465: a mount target that is a link to the host stays in the root",
        arguments: ["/data", "/data/in", "/up/x"])
    func link(target: String) throws {
        let bundle = try Bundle()
        let victim = "\(bundle.directory)/victim"
        try Files.makeDirectory("\(victim)/in")
        try checked { symlink(victim, "\(bundle.root)/data") }
        try checked { symlink("../../../../../../..\(victim)", "\(bundle.root)/up") }
        try Files.makeDirectory("\(victim)/x")
        try Files.write("", to: "\(bundle.directory)/log")
        try bundle.write(Self.watched(bundle, target))
        // In the root there is nothing of that name: it is made there, and the second time it is there.
        for _ in 0..<2 {
            try Files.write("", to: "\(bundle.directory)/log")
            let run = try bundle.call(["run", bundle.id()])
            #expect(run.status == 0, "\(run)")
            #expect(try Files.readText("\(bundle.directory)/log").contains("\(bundle.root)\(victim)"))
            #expect(try Self.outside(bundle).isEmpty)
        }
        #expect(Files.list(victim) == ["in", "x"] && Files.list("\(victim)/in").isEmpty)
        // Control: who mounts by name is led out, and it is seen.
        try Self.carelessMount(bundle, target)
        #expect(try !Self.outside(bundle).isEmpty)
    }

    @Test("CVE-2021-30465: nor does one that is exchanged for a link while it is looked up lead out")
    func race() throws {
        let bundle = try Bundle()
        let victim = "\(bundle.directory)/victim"
        try Files.makeDirectory("\(victim)/in")
        try Files.makeDirectory("\(bundle.root)/real/in")
        try checked { symlink(victim, "\(bundle.root)/link") }
        try Files.write("", to: "\(bundle.directory)/log")
        let root = bundle.root
        let flag = Flag()
        let exchanger = try OSThread.start {
            // RENAME_EXCHANGE, again and again.
            let (real, link) = ("\(root)/real", "\(root)/link")
            while !flag.isOver.load(ordering: .relaxed) {
                _ = real.withCString { real in
                    link.withCString { link in
                        clinux_syscall(
                            Int(SYS_renameat2), Int(AT_FDCWD), Int(bitPattern: real), Int(AT_FDCWD),
                            Int(bitPattern: link), 2)
                    }
                }
            }
        }
        defer { flag.isOver.store(true, ordering: .relaxed) }
        try bundle.write(Self.watched(bundle, "/real/in"))
        for _ in 0..<40 { _ = try bundle.call(["run", bundle.id()]) }
        #expect(try Self.outside(bundle).isEmpty)
        // Control: both were met, and who mounts by name is led out under the same exchange.
        let places = MountTable(mountinfo: try Files.readText("\(bundle.directory)/log")).entries.map(
            \.mountPoint)
        #expect(places.contains { $0.hasPrefix("\(root)\(victim)") })
        #expect(places.contains { !$0.hasPrefix("\(root)\(victim)") })
        for _ in 0..<40 { try Self.carelessMount(bundle, "/real/in") }
        flag.isOver.store(true, ordering: .relaxed)
        exchanger.join()
        #expect(try !Self.outside(bundle).isEmpty)
    }

    @Test("CVE-2019-19921: /proc that is a link in the image is not mounted on")
    func procLink() throws {
        let bundle = try Bundle()
        try checked { rmdir("\(bundle.root)/proc") }
        try Files.makeDirectory("\(bundle.root)/elsewhere")
        try checked { symlink("elsewhere", "\(bundle.root)/proc") }
        let run = try bundle.run(["/bin/true"])
        #expect(run.status == 1 && run.text.contains("must be mounted on ordinary directory"), "\(run)")
        unlink("\(bundle.root)/proc")
        try Files.makeDirectory("\(bundle.root)/proc")
        #expect(try bundle.run(["/bin/true"]).status == 0)
    }

    @Test("CVE-2019-16884: nothing covers a part of /proc, whatever name leads there")
    func overProc() throws {
        let bundle = try Bundle()
        try checked { symlink("proc", "\(bundle.root)/p") }
        for target in ["/proc/self/attr", "/p/sys", "/proc/1"] {
            let run = try bundle.run(["/bin/true"]) {
                $0.mounts?.append(bundle.mount(target, "tmpfs", "x", []))
            }
            #expect(run.status == 1 && run.text.contains("because it is inside /proc"), "\(target): \(run)")
        }
        try Files.write("mine\n", to: "\(bundle.directory)/uptime")
        let allowed = try bundle.run(["/bin/cat", "/proc/uptime"]) {
            $0.mounts?.append(bundle.mount("/proc/uptime", "bind", "\(bundle.directory)/uptime", ["bind"]))
        }
        #expect(allowed.text == "mine\n", "\(allowed)")
    }

    @Test("CVE-2025-31133: what masks is the null device and nothing that an image put in its place")
    func null() throws {
        let bundle = try Bundle()
        let dev = "\(bundle.directory)/dev"
        try Files.makeDirectory(dev)
        try checked { symlink("/etc/passwd", "\(dev)/null") }
        func run() throws -> Said {
            try bundle.run(["/bin/true"]) {
                $0.mounts = $0.mounts?.filter { !$0.destination.hasPrefix("/dev") }
                $0.mounts?.append(bundle.mount("/dev", "bind", dev, ["bind"]))
            }
        }
        let refused = try run()
        #expect(refused.status == 1 && refused.text.contains("can't mask path"), "\(refused)")
        unlink("\(dev)/null")
        try checked { mknod("\(dev)/null", S_IFCHR | 0o666, 0x103) }
        #expect(try run().status == 0)
    }

    @Test("CVE-2024-21626: no directory of the host's is a working directory, and none is open")
    func workingDirectory() throws {
        let bundle = try Bundle()
        for number in 3..<24 {
            let run = try bundle.run(["/bin/pwd"]) { $0.process?.cwd = "/proc/self/fd/\(number)" }
            #expect(run.status == 1, "\(number): \(run)")
        }
        // Given to it on purpose it is open, and still no place to stand: so the check is what refuses.
        var spec = Bundle.spec(["/bin/ls", "/proc/self/fd"])
        func given() throws -> Said {
            try bundle.write(spec)
            return try Said(
                Tool.run(
                    "/bin/sh",
                    [
                        "-c", "exec 3</; exec \"$0\" --root \(bundle.state) run --preserve-fds 1 \"$1\"",
                        bundle.program, bundle.id(),
                    ], in: bundle.directory, deadline: .now().advanced(by: .seconds(60))))
        }
        #expect(try given().text.hasPrefix("0\n1\n2\n3\n"))
        spec.process?.cwd = "/proc/self/fd/3"
        let refused = try given()
        #expect(refused.status == 1 && refused.text.contains("container breakout"), "\(refused)")
    }

    @Test("CVE-2019-5736: the program of a container's first process is no file that could be written to")
    func ownFile() throws {
        let bundle = try Bundle()
        try bundle.write(Bundle.spec(["/bin/true"]))
        let id = bundle.id()
        #expect(try bundle.create(id).status == 0)
        let pid = try #require(try bundle.report(id).pid)
        func isReadOnly(_ path: String) throws -> Bool {
            var status = statvfs()
            try checked { statvfs(path, &status) }
            return status.f_flag & 1 != 0
        }
        #expect(try isReadOnly("/proc/\(pid)/exe"))
        // Control: the file itself is on a file system that is written to.
        #expect(try !isReadOnly(bundle.program))
    }
}
