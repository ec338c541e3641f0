import CLinux
import Glibc
import LabCore
import Launch
import Synchronization
import Testing

@testable import VMDriver

/// QEMU's options as libvirt or we pass them, brought to one form.
private struct MachineParts: Equatable {
    var machine = ""
    var hasACPI = true
    var mebibytes = 0
    /// Options that say the same in the same words.
    var plain: [String: String] = [:]
    /// `driver`, `chardev` and what places it, of each device.
    var devices: [[String: String]] = []
    /// The pipes by their ids.
    var pipes: [String: String] = [:]
    /// How the guest's memory is made, where it is not simply anonymous.
    var backend: [String: String] = [:]

    init(_ arguments: [String]) {
        for (option, value) in zip(arguments, arguments.dropFirst() + [""]) {
            switch option {
            case "-machine":
                let parts = value.split(separator: ",").map(String.init)
                machine = Self.alias(parts.first ?? "")
                if parts.contains("acpi=off") { hasACPI = false }
            case "-no-acpi": hasACPI = false
            // `256`, or `size=262144k` by libvirt from 9.1 on.
            case "-m":
                let number = Int(value.filter(\.isNumber)) ?? 0
                mebibytes = value.hasSuffix("k") ? number >> 10 : number
            case "-object":
                // libvirt always says it, we only where it is not the default.
                let properties = Self.properties(value)
                let driver = properties["qom-type"] ?? properties["driver"] ?? ""
                if driver.hasPrefix("memory-backend"), properties["prealloc"] == "on" {
                    backend = properties.filter { ["id", "prealloc", "size", "hugetlb"].contains($0.key) }
                }
            case "-accel", "-cpu", "-bios", "-kernel", "-initrd", "-append", "-smp", "-display", "-rtc",
                "-boot", "-sandbox":
                plain[option] = value
            case "-nodefaults", "-no-user-config": plain[option] = ""
            case "-device": devices.append(Self.properties(value))
            case "-chardev":
                let properties = Self.properties(value)
                if properties["driver"] == "pipe" { pipes[properties["id"] ?? ""] = properties["path"] }
            default: break
            }
        }
    }

    /// libvirt names the version that an alias stands for: `pc-q35-7.2`.
    private static func alias(_ machine: String) -> String {
        if machine.hasPrefix("pc-q35-") { return "q35" }
        return machine.hasPrefix("pc-i440fx-") ? "pc" : machine
    }

    /// The properties of `driver,name=value…`, or of the same as JSON without nesting.
    private static func properties(_ text: String) -> [String: String] {
        var result: [String: String] = [:]
        let isJSON = text.hasPrefix("{")
        for (index, part) in text.filter({ !isJSON || !"{}\"".contains($0) }).split(separator: ",")
            .enumerated()
        {
            let pair = part.split(separator: isJSON ? ":" : "=", maxSplits: 1).map(String.init)
            if pair.count == 2 {
                result[pair[0]] = pair[1] == "true" ? "on" : pair[1]
            } else if index == 0 {
                result["driver"] = pair[0]
            }
        }
        return result
    }
}

@Suite(
    "QEMU without libvirt", .serialized,
    .enabled(if: Bench.shared.obstacle == nil, "no guest boots on this machine"))
struct DirectTests {
    private static func directly(_ profile: MachineProfile = .microvm) -> VMConfiguration {
        VMConfiguration(profile: profile, usesLibvirt: false)
    }

    @Test(arguments: MachineProfile.allCases)
    func helloComesBackWithItsNonceAndEveryMark(profile: MachineProfile) throws {
        try Bench.shared.withEngine(Self.directly(profile)) { engine in
            let request = Bench.request(.hello(nonce: "nonce-\(profile.rawValue) with a space"))
            let instance = try engine.launch(request)
            try instance.waitUntilReady(deadline: request.deadline)
            #expect(try instance.waitForExit(deadline: request.deadline) == 0)
            try instance.dispose()
            try instance.dispose()
            #expect(instance.transcript.outputs == ["nonce-\(profile.rawValue) with a space"])
            let times = Mark.inOrder.compactMap { instance.timeline[$0] }
            #expect(times.count == Mark.inOrder.count && times == times.sorted(), "\(instance.timeline)")
            #expect(engine.record.emulated && engine.id == .qemuDirect)
        }
    }

    /// What really ran, as the kernel has its command line, and how many pipes it had.
    /// - Parameter boots: whether the guest is waited for; who has the same machine boots as well.
    private func parts(
        _ configuration: VMConfiguration, variant: String? = nil, boots: Bool = false
    ) throws -> (parts: MachineParts, pipes: Int) {
        var found: [String] = []
        try Bench.shared.withEngine(configuration) { engine in
            let request = Bench.request(.idle, variant: variant)
            let instance = try #require(try engine.launch(request) as? VMInstance)
            defer { try? instance.dispose() }
            if boots { try instance.waitUntilReady(deadline: request.deadline) }
            let pid = try #require(instance.hostProcess).pid
            // It is empty for the moment in which the program is executed.
            repeat {
                found = try Files.read("/proc/\(pid)/cmdline").split(separator: 0).map {
                    String(decoding: $0, as: UTF8.self)
                }
            } while found.isEmpty && MonotonicInstant.now() < request.deadline
        }
        var parts = MachineParts(found)
        // Paths of the VM's own directory differ by the run.
        let pipes = parts.pipes.keys.sorted()
        parts.pipes = Dictionary(
            uniqueKeysWithValues: parts.pipes.map { ($0, String($1.split(separator: "/").last ?? "")) })
        return (parts, pipes.count)
    }

    @Test(arguments: MachineProfile.allCases)
    func libvirtAndWeStartTheSameMachine(profile: MachineProfile) throws {
        let ours = try parts(Self.directly(profile))
        Self.plain.withLock { $0[profile] = ours.parts }
        let libvirts = try parts(VMConfiguration(profile: profile))
        #expect(ours.parts == libvirts.parts)
        // The comparison compares something.
        #expect(ours.parts.machine == profile.rawValue && ours.parts.mebibytes == 256 && ours.pipes == 2)
        #expect(ours.parts.devices.map { $0["driver"] } == ["isa-serial", "isa-debugcon"])
        #expect(ours.parts.plain.count == 12 && ours.parts.hasACPI == profile.hasPCI)
    }

    /// Those that we start of each profile, started once.
    private static let plain = Mutex<[MachineProfile: MachineParts]>([:])

    private func plain(_ profile: MachineProfile) throws -> MachineParts {
        if let known = Self.plain.withLock({ $0[profile] }) { return known }
        let made = try parts(Self.directly(profile)).parts
        Self.plain.withLock { $0[profile] = made }
        return made
    }

    /// Each variant boots, and by libvirt and by us it is the same machine; and another than without it.
    @Test(arguments: [
        "memory=prealloc", "kernel=bzimage", "firmware=qboot", "console=none", "command-line=plain",
        "machine=q35,memory=balloon", "machine=pc,memory=free-page-reporting", "machine=q35,devices=default",
        "machine=pc,devices=default", "machine=q35,devices=default,memory=balloon",
    ])
    func libvirtAndWeStartTheSameVariant(words: String) throws {
        let ours = try parts(Self.directly(), variant: words, boots: true).parts
        #expect(try parts(VMConfiguration(), variant: words).parts == ours)
        #expect(try plain(VMVariant(words).machine ?? .standard) != ours)
    }

    @Test("a QEMU that cannot start is noticed at once with its words")
    func aQEMUThatCannotStartIsNoticed() throws {
        try Bench.shared.withEngine(
            Self.directly(), kernel: "/nonexistent"
        ) { description, start in
            let began = MonotonicInstant.now()
            let instance = try start(description)
            defer { try? instance.dispose() }
            let error = #expect(throws: LabError.self) {
                try instance.waitUntilReady(deadline: .now().advanced(by: .seconds(30)))
            }
            #expect(error?.kind == .instance)
            #expect(error?.cause?.english.contains("/nonexistent") == true, "\(String(describing: error))")
            #expect(MonotonicInstant.now().nanoseconds(since: began) < 5_000_000_000)
        }
    }

    /// A kernel that is a FIFO without a writer keeps QEMU, and with it libvirt's call, waiting for ever.
    @Test func aStartThatHangsEndsAtItsDeadline() throws {
        let fifo = "/tmp/lab-hanging-kernel-\(getpid())"
        mkfifo(fifo, 0o600)
        // For QEMU's user, whatever the umask.
        chmod(fifo, 0o644)
        defer { unlink(fifo) }
        try Bench.shared.withEngine(VMConfiguration(), kernel: fifo, seconds: 2) { description, start in
            let began = MonotonicInstant.now()
            let error = #expect(throws: LabError.self) { _ = try start(description) }
            #expect(error?.kind == .timeout, "\(String(describing: error))")
            let took = MonotonicInstant.now().nanoseconds(since: began)
            #expect(took > 1_900_000_000 && took < 10_000_000_000, "\(took) ns")
        }
    }

    @Test func theRemoverEndsWhatARunLeft() throws {
        try Bench.shared.withEngine(Self.directly()) { engine in
            let request = Bench.request(.idle)
            let instance = try #require(try engine.launch(request) as? VMInstance)
            try instance.waitUntilReady(deadline: request.deadline)
            let pid = try #require(instance.hostProcess).pid
            #expect(getsid(pid) == pid)
            let words = try Files.read("/proc/\(pid)/cmdline").split(separator: 0).map {
                String(decoding: $0, as: UTF8.self)
            }
            let name = try #require(words.first { $0.hasPrefix("guest=") })
                .dropFirst("guest=".count).prefix { $0 != "," }
            let run = try RunPlaces(String(name.split(separator: "-")[1]), Bench.shared.paths)
            try DomainRemover.remove(qemu: String(name), of: run)
            #expect(kill(pid, 0) == -1)
            try DomainRemover.remove(qemu: String(name), of: run)
            try instance.dispose()
        }
    }
}

struct QEMUStartTests {
    @Test func aFailedStepIsNamedWithItsErrno() throws {
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        let error = #expect(throws: LabError.self) {
            _ = try QEMUProcess.start("/nonexistent", [], input: null.rawValue, output: null.rawValue)
        }
        #expect(error?.cause?.english.contains("No such file") == true)
    }

    /// Starts sleep(1) on a thread that then ends: what happens to its children happens to all of them when the process is
    /// killed.
    private func startOnAThread(
        as user: QEMUUser?, change: @escaping (inout LaunchProgram) -> Void = { _ in }
    ) throws -> pid_t {
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        let number = null.rawValue
        return try OSThread.run { () throws(LabError) in
            let parent = try FileDescriptor.ofThisProcess()
            var program = LaunchProgram.qemu("/bin/sleep", as: user, parent: parent.rawValue)
            change(&program)
            return try QEMUProcess.start(program, ["sleep", "60"], input: number, output: number).pid
        }
    }

    @Test("A child dies with its parent, also one that becomes another user", arguments: [false, true])
    func aChildDiesWithItsParent(becomesAnother: Bool) throws {
        if becomesAnother && geteuid() != 0 { try Test.cancel("skipped: needs root") }
        let pid = try startOnAThread(as: becomesAnother ? .current() : nil)
        var status: Int32 = 0
        #expect(waitpid(pid, &status, 0) == pid)
        #expect(status & 0x7f == SIGKILL)
    }

    @Test(
        "Control: a death signal that is set before the user changes is forgotten",
        .enabled(if: geteuid() == 0, "skipped: needs root"))
    func anEarlySignalIsForgotten() throws {
        let pid = try startOnAThread(as: .current()) { program in
            let place = program.steps.firstIndex { $0.operation.code == CLINUX_PDEATHSIG }
            #expect(place != nil, "no step sets the signal")
            if let place { program.steps.insert(program.steps.remove(at: place), at: 0) }
        }
        // A child that was killed would be readable at once.
        let child = FileDescriptor(owning: clinux_pidfd_open(pid))
        var watched = pollfd(fd: child.rawValue, events: Int16(POLLIN), revents: 0)
        #expect(poll(&watched, 1, 200) == 0)
        #expect(kill(pid, SIGKILL) == 0)
        var status: Int32 = 0
        #expect(waitpid(pid, &status, 0) == pid)
    }

    /// libvirt sleeps for 200 ms when it hears of QEMU's end before the process is gone.
    @Test("a held socket tells of the end only when it is closed")
    func aHeldSocketTellsOfTheEndWhenClosed() throws {
        var ends: [Int32] = [-1, -1]
        #expect(
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        let monitor = FileDescriptor(owning: ends[0])
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        let child = try QEMUProcess.start("/bin/sleep", ["60"], input: ends[1], output: null.rawValue)
        close(ends[1])
        let held = child.holdSockets()
        #expect(held.count == 1)
        let end = child.end(deadline: .now().advanced(by: .seconds(10)))
        #expect(end.isGone && end.cpuNanoseconds != nil)
        var watched = pollfd(fd: monitor.rawValue, events: Int16(POLLIN), revents: 0)
        #expect(poll(&watched, 1, 50) == 0)
        for socket in held { close(socket) }
        #expect(poll(&watched, 1, 1_000) == 1)
    }
}
