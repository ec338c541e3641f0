import CLibvirt
import Foundation
import Glibc
import LabCore
import Testing

@testable import VMDriver

/// A libvirtd of the test's own: its files, its socket and its QEMU below one directory, and not as root, so that it
/// can read nothing of ours that is not for everybody. It is reached as a remote one is.
final class PrivateDaemon {
    let directory: String
    private let process: Process
    private let isOver = Monitor(false)

    /// Why there can be none, nil when there can.
    static let obstacle: String? = {
        for program in ["/usr/sbin/libvirtd", "/usr/bin/setpriv"] where access(program, X_OK) != 0 {
            return "skipped: there is no \(program)"
        }
        return Bench.shared.obstacle
    }()

    var uri: String { "qemu+unix:///session?socket=\(directory)/run/libvirt-sock" }

    /// Returns when it answers.
    init() throws {
        directory = "/tmp/lab-libvirtd-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        for inner in ["", "/run", "/config/libvirt", "/cache", "/data", "/state"] {
            try Files.makeDirectory("\(directory)\(inner)", mode: 0o700)
        }
        try Files.write(
            """
            unix_sock_dir = "\(directory)/run"
            auth_unix_ro = "none"
            auth_unix_rw = "none"
            """, to: "\(directory)/libvirtd.conf")
        // Without it a virtlogd would be started, and stay.
        try Files.write("stdio_handler = \"file\"\n", to: "\(directory)/config/libvirt/qemu.conf")
        let command = [
            "/usr/sbin/libvirtd", "--config", "\(directory)/libvirtd.conf", "--pid-file",
            "\(directory)/run/pid",
        ]
        process = Process()
        if geteuid() == 0 {
            _ = try LabCore.Tool.run(
                "chown", ["-R", "65534:65534", directory], in: "/",
                deadline: .now().advanced(by: .seconds(10)))
            process.executableURL = URL(filePath: "/usr/bin/setpriv")
            process.arguments = ["--reuid=65534", "--regid=65534", "--clear-groups"] + command
        } else {
            process.executableURL = URL(filePath: command[0])
            process.arguments = Array(command.dropFirst())
        }
        process.environment = [
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": directory, "XDG_RUNTIME_DIR": "\(directory)/run",
            "XDG_CONFIG_HOME": "\(directory)/config", "XDG_CACHE_HOME": "\(directory)/cache",
            "XDG_DATA_HOME": "\(directory)/data", "XDG_STATE_HOME": "\(directory)/state",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        try reapAdopted()
        let deadline = MonotonicInstant.now().advanced(by: .seconds(60))
        while (try? Connection(uri)) == nil {
            guard process.isRunning, MonotonicInstant.now() < deadline else {
                stop()
                throw LabError(.unavailable, "the libvirtd of this test does not answer")
            }
            usleep(50_000)
        }
    }

    /// While another test starts a VM of ours, what is orphaned becomes this process's child, a QEMU of the daemon's too,
    /// whose end the daemon sees only when it is reaped. On a user's machine a daemon is no descendant of lab's.
    private func reapAdopted() throws {
        _ = try OSThread.start { [isOver] in
            repeat {
                for child in HostProcess(pid: getpid()).children where child.name?.hasPrefix("qemu") == true {
                    guard let status = try? child.status(), status["State"]?.hasPrefix("Z") == true,
                        geteuid() == 0, status.ids("Uid").first == 65_534
                    else { continue }
                    waitpid(child.pid, nil, WNOHANG)
                }
            } while !isOver.wait(deadline: .now().advanced(by: .milliseconds(100))) { $0 }.isDone
        }
    }

    var isRunning: Bool { process.isRunning }

    func kill(_ signal: Int32) { _ = Glibc.kill(process.processIdentifier, signal) }

    func stop() {
        defer { isOver.withLock { $0 = true } }
        // A child of a thread of Dispatch has SIGTERM blocked.
        if process.isRunning { kill(SIGKILL) }
        // It may have been asking a QEMU for its features, which then stays; `waitUntilExit` waits for whatever holds
        // the daemon's descriptors.
        for name in Files.list("/proc") {
            guard let pid = pid_t(name), let command = try? Files.readText("/proc/\(name)/cmdline"),
                command.contains("\(directory)/")
            else { continue }
            Glibc.kill(pid, SIGKILL)
        }
        process.waitUntilExit()
        try? Files.removeTree(directory)
    }
}

@Suite(
    "a libvirt daemon, reached as a remote one", .serialized,
    .enabled("skipped for what is said above") { isFree(of: PrivateDaemon.obstacle) })
struct DaemonTests {
    /// Depots of this process that are still there, by their directories.
    private var depots: [String] {
        Files.list("/var/tmp").filter { $0.hasPrefix("lab-depot-\(getpid())-") }
    }

    private func withDaemon(_ body: (PrivateDaemon) throws -> Void) throws {
        let daemon = try PrivateDaemon()
        defer { daemon.stop() }
        try body(daemon)
        let left = depots
        #expect(left.isEmpty)
    }

    /// Runs `body` with an engine on the daemon; checks that the daemon knows nothing of it afterwards.
    private func withEngine(_ daemon: PrivateDaemon, _ body: (VMEngine, PreparedVM) throws -> Void) throws {
        let paths = Bench.shared.paths
        let root = try #require(Bench.shared.root)
        let runID = "d\(UInt32.random(in: 0 ... .max))"
        let journal = try RunJournal(runID: runID, paths: paths)
        defer {
            journal.finish()
            rmdir(paths.run(runID))
        }
        do {
            let engine = VMEngine(.qemu, configuration: VMConfiguration(connection: daemon.uri))
            let prepared = try engine.prepare(
                RunContext(runID: runID, paths: paths, journal: journal, rootFilesystem: root))
            try body(engine, prepared)
            prepared.shutDown()
        }
        #expect(Files.list(paths.run(runID)).isEmpty)
        for index in 0..<4 { #expect(QEMUProcess.all(of: "lab-\(runID)-\(index)").isEmpty) }
        guard daemon.isRunning else { return }
        let connection = try Connection(daemon.uri)
        let (domains, pools) = (connection.domainNames, connection.poolNames)
        #expect(domains.isEmpty && pools.isEmpty, "\(domains) \(pools)")
    }

    @Test func aGuestBootsFarAwayAndProvesItsNonce() throws {
        try withDaemon { daemon in
            try withEngine(daemon) { unprepared, engine in
                #expect(try Bench.shared.answer(of: unprepared) == .available)
                #expect(!depots.isEmpty)
                for index in 0..<2 {
                    let request = Bench.request(.hello(nonce: "far \(index)"), index: index, seconds: 60)
                    let instance = try engine.launch(request)
                    try instance.waitUntilReady(deadline: request.deadline)
                    #expect(try instance.waitForExit(deadline: request.deadline) == 0)
                    try instance.dispose()
                    try instance.dispose()
                    #expect(instance.transcript.outputs == ["far \(index)"])
                    let times = Mark.inOrder.compactMap { instance.timeline[$0] }
                    #expect(times.count == Mark.inOrder.count, "\(instance.timeline)")
                }
                let record = engine.record
                #expect(record.details.contains { $0.value.english.contains("ttyS0") })
                #expect(record.footnotes.contains { $0.english.contains("through libvirt") })
                #expect(record.details.contains { $0.value.english == daemon.uri })
            }
        }
    }

    @Test("silence is a time-out with the last words, and a second console of its own")
    func silenceIsATimeOutWithTheLastWords() throws {
        try withDaemon { daemon in
            try withEngine(daemon) { _, engine in
                let request = Bench.request(.idle, seconds: 60)
                let instance = try engine.launch(request)
                let other = try engine.launch(Bench.request(.idle, index: 1, seconds: 60))
                for each in [instance, other] { try each.waitUntilReady(deadline: request.deadline) }
                let error = #expect(throws: LabError.self) {
                    _ = try instance.waitForExit(deadline: .now().advanced(by: .milliseconds(200)))
                }
                #expect(error?.kind == .timeout)
                #expect(throws: LabError.self) {
                    _ = try engine.launch(Bench.request(.idle, index: 2, variant: "console=none"))
                }
                for each in [instance, other] { try each.dispose() }
            }
        }
    }

    @Test func theEndOfTheDaemonIsNoticed() throws {
        try withDaemon { daemon in
            var name = ""
            try withEngine(daemon) { _, engine in
                let request = Bench.request(.idle, seconds: 60)
                let instance = try engine.launch(request)
                name = String(
                    try engine.explain(request).english.split(separator: "<name>")[1].prefix { $0 != "<" })
                try instance.waitUntilReady(deadline: request.deadline)
                daemon.kill(SIGKILL)
                let error = #expect(throws: LabError.self) {
                    _ = try instance.waitForExit(deadline: request.deadline)
                }
                #expect(error?.kind == .instance)
                // Nobody is left who could be asked: QEMU stays, and so does the depot.
                #expect(throws: LabError.self) { try instance.dispose() }
                for process in QEMUProcess.all(of: name) {
                    _ = process.end(deadline: .now().advanced(by: .seconds(10)))
                }
                try? Files.removeTree(Bench.shared.paths.run(String(name.split(separator: "-")[1])))
            }
            for depot in depots {
                try Files.removeTree("/var/tmp/\(depot)")
                unlink("\(Bench.shared.paths.journals)/\(depot).journal")
            }
        }
    }

    @Test func whatADeadRunLeftIsRemoved() throws {
        try withDaemon { daemon in
            let connection = try Connection(daemon.uri)
            let name = "lab-depot-\(getpid())-left"
            try connection.makePool(named: name, at: "/var/tmp/\(name)")
            try connection.upload([UInt8](repeating: 7, count: 300_000), as: "file", toPool: name)
            #expect(try Files.read("/var/tmp/\(name)/file") == [UInt8](repeating: 7, count: 300_000))
            let run = try RunPlaces(name, Bench.shared.paths)
            let entry = "\(name) \(daemon.uri)"
            // The daemon's socket is of this test's: nobody opens it because a journal says so.
            let error = #expect(throws: LabError.self) { try FileUploadRemover.remove(entry, of: run) }
            #expect(error?.kind == .permission && Files.exists("/var/tmp/\(name)/file"))
            for _ in 0..<2 { try FileUploadRemover.remove(entry, of: run, connection: daemon.uri) }
            #expect(!Files.exists("/var/tmp/\(name)"))
        }
    }

    @Test("an engine that the daemon does not offer is unavailable with what it offers")
    func whatADaemonLacksIsUnavailable() throws {
        try withDaemon { daemon in
            let known = try Connection(daemon.uri).capabilities()
            #expect(known.types.contains("qemu"))
            if known.types.contains("kvm") { try Test.cancel("skipped: this daemon offers kvm") }
            let engine = VMEngine(.kvm, configuration: VMConfiguration(connection: daemon.uri))
            guard case .unavailable(let error) = try Bench.shared.answer(of: engine) else {
                Issue.record("kvm is available")
                return
            }
            #expect(!error.reason.isEmpty)
        }
    }
}

extension Connection {
    /// The names of all domains that run.
    fileprivate var domainNames: [String] {
        var list: UnsafeMutablePointer<virDomainPtr?>?
        let count = virConnectListAllDomains(pointer, &list, 0)
        defer { free(list) }
        return (0..<max(0, Int(count))).compactMap { place in
            guard let domain = list?[place] else { return nil }
            defer { virDomainFree(domain) }
            return virDomainGetName(domain).map { String(cString: $0) }
        }
    }

    /// The names of all pools.
    fileprivate var poolNames: [String] {
        var list: UnsafeMutablePointer<virStoragePoolPtr?>?
        let count = virConnectListAllStoragePools(pointer, &list, 0)
        defer { free(list) }
        return (0..<max(0, Int(count))).compactMap { place in
            guard let pool = list?[place] else { return nil }
            defer { virStoragePoolFree(pool) }
            return virStoragePoolGetName(pool).map { String(cString: $0) }
        }
    }
}
