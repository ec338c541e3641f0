import Artifacts
import Foundation
import Glibc
import LabCore
import Testing

@testable import VMDriver

private let isRoot = geteuid() == 0

/// What the kernel says of a process, in its own words.
private struct Status: Equatable {
    var lines: [String: String] = [:]

    init(_ pid: pid_t) throws {
        let kept: Set = [
            "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp",
        ]
        for line in try Files.readText("/proc/\(pid)/status").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, kept.contains(String(parts[0])) else { continue }
            lines[String(parts[0])] = parts[1].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
    }

    /// What of it is root's, or held by nothing.
    var weaknesses: Set<String> {
        var found: Set<String> = []
        for (key, value) in lines {
            let isWeak =
                switch key {
                case "Uid", "Gid", "Groups": value.split(separator: " ").contains("0")
                case "NoNewPrivs": value != "1"
                case "Seccomp": value != "2"
                default: value.contains { $0 != "0" }
                }
            if isWeak { found.insert(key) }
        }
        return found
    }
}

// They boot guests, one after the other.
extension BootTests {
    @Suite(.serialized) struct ConfinementTests {
        /// Hands `body` an idle VM, and what makes others.
        private func withVM(
            _ usesLibvirt: Bool, _ body: (VMInstance, PreparedVM) throws -> Void
        ) throws {
            try Bench.shared.withEngine(VMConfiguration(usesLibvirt: usesLibvirt)) { engine in
                let request = Bench.request(.idle)
                let instance = try #require(try engine.launch(request) as? VMInstance)
                defer { try? instance.dispose() }
                try instance.waitUntilReady(deadline: request.deadline)
                try body(instance, engine)
            }
        }

        @Test(
            "a QEMU that root starts is a user without capabilities, under a filter; by libvirt and by us alike",
            .enabled(if: isRoot, "skipped: not root"))
        func aUserOfItsOwn() throws {
            let user = try #require(QEMUUser.current())
            var seen: [Status] = []
            for usesLibvirt in [true, false] {
                try withVM(usesLibvirt) { instance, _ in
                    let pid = try #require(instance.hostProcess).pid
                    let status = try Status(pid)
                    #expect(status.weaknesses == [], "\(status)")
                    #expect(
                        status.lines["Uid"]
                            == Array(repeating: "\(user.uid)", count: 4).joined(separator: " "))
                    #expect(
                        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd") == "/")
                    seen.append(status)
                }
            }
            #expect(seen.count == 2 && seen.first == seen.last)
        }

        @Test(
            "the same look at a domain without its label, and at a QEMU as it was started before, finds root",
            .enabled(if: isRoot, "skipped: not root"))
        func theLookFindsRoot() throws {
            let process = Process()
            process.executableURL = URL(filePath: try #require(qemu))
            process.arguments = ["-M", "none", "-display", "none", "-serial", "none", "-monitor", "none"]
            process.standardInput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            // A child of a thread of Dispatch has SIGTERM blocked.
            defer { kill(process.processIdentifier, SIGKILL) }
            #expect(
                try Status(process.processIdentifier).weaknesses.isSuperset(of: [
                    "Uid", "Gid", "CapEff", "CapPrm", "NoNewPrivs", "Seccomp",
                ]))

            let hypervisor = try Hypervisor.embedded(paths: Bench.shared.paths)
            let name = "lab-unlabelled-\(getpid())"
            let xml = """
                <domain type='qemu'><name>\(name)</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
                <os><type arch='x86_64' machine='pc'>hvm</type></os></domain>
                """
            let domain = try hypervisor.connection.create(xml, name: name)
            let status = QEMUProcess.all(of: name).first.flatMap { try? Status($0.pid) }
            try domain.destroy()
            #expect(try #require(status).weaknesses.isSuperset(of: ["Uid", "Gid"]))
        }

        private var qemu: String? {
            ["/usr/bin/qemu-system-x86_64", "/usr/libexec/qemu-kvm"].first { access($0, X_OK) == 0 }
        }

        @Test(
            "QEMU's user opens that VM's FIFOs and no other file of lab's, and can make none",
            .enabled(if: isRoot, "skipped: not root"), arguments: [true, false])
        func onlyItsOwnFiles(usesLibvirt: Bool) throws {
            let user = try #require(QEMUUser.current()).credentials
            let root = Credentials(
                uid: 0, gid: 0, groups: [0], capabilities: try ProcessIsolation.own().effectiveCapabilities)
            try withVM(usesLibvirt) { instance, _ in
                let pid = try #require(instance.hostProcess).pid
                let words = try Files.read("/proc/\(pid)/cmdline").split(separator: 0).map {
                    String(decoding: $0, as: UTF8.self)
                }
                let pipe = try #require(words.first { $0.hasPrefix("pipe,") }?.split(separator: "=").last)
                let place = String(pipe.prefix(upTo: try #require(pipe.lastIndex(of: "/"))))
                #expect(user.errno(opening: "\(pipe).in", O_RDWR) == 0)
                let journals = Bench.shared.paths.journals
                let journal = try #require(Files.list(journals).first)
                let temporary: Int32 = 0o20_200_000
                for (path, flags) in [
                    ("/etc/shadow", O_RDONLY), ("\(journals)/\(journal)", O_RDONLY),
                    (place, O_WRONLY | temporary),
                    (Bench.shared.paths.machines, O_WRONLY | temporary),
                    (Bench.shared.paths.cache, O_WRONLY | temporary),
                    ("/proc/\(getpid())/mem", O_RDONLY),
                ] {
                    #expect(user.errno(opening: path, flags) == EACCES, "\(path)")
                    // To root, the same question says yes.
                    #expect(root.errno(opening: path, flags) == 0, "\(path)")
                }
                // What it holds is its own, or nobody can write to it but to say something.
                for entry in Files.list("/proc/\(pid)/fd") {
                    let link = try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/\(pid)/fd/\(entry)")
                    guard let link, link.hasPrefix("/"), !link.hasPrefix("/dev/") else { continue }
                    let isKnown =
                        link.hasPrefix("\(place)/") || link.hasSuffix(".log") || link.hasSuffix(".pid")
                    #expect(isKnown || link.hasPrefix("/memfd:"), "\(link)")
                }
            }
        }

        @Test(
            "a kernel that only root may read boots, wherever it lies",
            .enabled(if: isRoot, "skipped: not root"), arguments: [true, false])
        func aKernelOfRoots(usesLibvirt: Bool) throws {
            let bench = Bench.shared
            let directory = "/tmp/lab-secret-\(getpid())-\(UInt32.random(in: 0 ... .max))"
            try Files.makeDirectory(directory, mode: 0o700)
            defer { try? Files.removeTree(directory) }
            let known = try GuestKernel.find(explicit: nil, fetch: false, paths: bench.paths)
            let kernel = "\(directory)/kernel"
            // Not the same as any that was there before.
            try Files.write(try Files.read(known.path, limit: 1 << 30) + [0], to: kernel, mode: 0o600)
            let user = try #require(QEMUUser.current())
            #expect(user.credentials.errno(opening: kernel) == EACCES)
            var copy = ""
            try bench.withEngine(VMConfiguration(usesLibvirt: usesLibvirt, kernel: kernel)) { engine in
                let request = Bench.request(.hello(nonce: "secret"))
                let instance = try engine.launch(request)
                defer { try? instance.dispose() }
                #expect(try instance.waitForExit(deadline: request.deadline) == 0)
                copy = "\(bench.paths.machines)/files/\(try Digest.sha256(file: kernel))-\(user.gid)"
            }
            defer { unlink(copy) }
            var status = stat()
            #expect(lstat(copy, &status) == 0 && status.st_uid == 0 && status.st_mode & 0o7777 == 0o440)
            // Nobody else reads it there.
            let other = Credentials(uid: 65_533, gid: 65_533, groups: [65_533], capabilities: 0)
            #expect(other.errno(opening: copy) == EACCES && user.credentials.errno(opening: copy) == 0)
            #expect(user.credentials.errno(opening: copy, O_WRONLY) == EACCES)
        }
    }
}

struct HostileQEMUTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = "/tmp/lab-hostile-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try Files.makeDirectory(directory, mode: 0o700)
        defer { try? Files.removeTree(directory) }
        try body(directory)
    }

    @Test("what QEMU wrote is read to a bound, and never through a link or from a FIFO")
    func itsLogIsReadToABound() throws {
        try withDirectory { directory in
            let log = "\(directory)/log"
            try Files.write([UInt8](repeating: 0x61, count: 1 << 20) + Array("end".utf8), to: log)
            let text = try #require(QEMULog.end(of: log))
            #expect(text.utf8.count == 64 << 10 && text.hasSuffix("end"))
            symlink(log, "\(directory)/link")
            mkfifo("\(directory)/fifo", 0o600)
            #expect(
                QEMULog.end(of: "\(directory)/link") == nil && QEMULog.end(of: "\(directory)/fifo") == nil)
            // Read as any file is, the link is followed and all of it comes.
            #expect(try Files.readText("\(directory)/link").utf8.count == (1 << 20) + 3)
        }
    }

    /// QEMU holds its pid file open, to write.
    @Test("a process that is not ours does not die of its number in a pid file; a child of ours does")
    func aPidFileNamesNobodyElse() throws {
        try withDirectory { directory in
            try Files.makeDirectory("\(directory)/run/qemu")
            let file = QEMUProcess.pidFile(domain: "x", root: directory)
            let null = try FileDescriptor.open("/dev/null", O_RDWR)
            func start(_ words: [String]) throws -> pid_t {
                try QEMUProcess.start("/bin/sh", ["-c"] + words, input: null.rawValue, output: null.rawValue)
                    .pid
            }
            func run(until done: () -> Bool) throws {
                try Adoption.around(
                    domain: "x", root: directory, deadline: .now().advanced(by: .milliseconds(200))
                ) { () throws(LabError) in
                    let limit = MonotonicInstant.now().advanced(by: .seconds(2))
                    while !done(), MonotonicInstant.now() < limit { usleep(10_000) }
                }
            }
            // Its parent is the shell, which waits for it.
            let shell = try start(["sleep 60 & echo $! >\(directory)/inner; wait"])
            let patience = MonotonicInstant.now().advanced(by: .seconds(20))
            while Files.line("\(directory)/inner") == nil, MonotonicInstant.now() < patience { usleep(5_000) }
            let stranger = try #require(
                Files.line("\(directory)/inner").flatMap { pid_t($0) }, "the shell's child did not begin")
            try Files.write("\(stranger)\n", to: file)
            try run { false }
            #expect(kill(stranger, 0) == 0)
            kill(stranger, SIGKILL)
            waitpid(shell, nil, 0)

            let child = try start(["exec sleep 60"])
            try Files.write("\(child)\n", to: file)
            try run { kill(child, 0) != 0 }
            #expect(kill(child, 0) == -1)
        }
    }

    @Test(
        "a directory that others may change is not taken for QEMU's files",
        .enabled(if: isRoot, "skipped: not root"))
    func onlyRootsDirectory() throws {
        try withDirectory { directory in
            let place = "\(directory)/place"
            try MachineFiles.prepare(place)
            try MachineFiles.prepare(place)
            for change: () -> Int32 in [
                { chmod(place, 0o777) }, { chmod(place, 0o711) + chown(place, 65_533, 65_533) },
                { rmdir(place) + symlink("/tmp", place) },
            ] {
                #expect(change() == 0)
                let error = #expect(throws: LabError.self) { try MachineFiles.prepare(place) }
                #expect(error?.kind == .permission)
            }
        }
    }

    @Test(
        "a device that QEMU's user can't open is an obstacle with the remedy; one that it can is none",
        .enabled(if: isRoot, "skipped: not root"))
    func theDeviceIsAskedAsQEMUsUser() throws {
        let user = try #require(QEMUUser.current(opening: KVMDevice.path))
        guard Files.exists(KVMDevice.path) else {
            #expect(KVMDevice.obstacle(daemon: false, user: user) != nil)
            return
        }
        let isOpen = user.credentials.errno(opening: KVMDevice.path, O_RDWR) == 0
        switch KVMDevice.obstacle(daemon: false, user: user) {
        case nil: #expect(isOpen)
        case .unavailable(let error)?:
            #expect(
                !isOpen && error.reason.english.contains("\(user.uid)")
                    && error.remedy?.english.contains("chmod 660") == true)
        case .available?: Issue.record("an obstacle that is none")
        }
    }
}
