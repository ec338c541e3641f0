import ContainerDriver
import Glibc
import LabCore

/// `vm`: a domain XML for given needs, with little that it does not need, and the thread that is one of its virtual processors.
///
/// libvirt starts what the student described, in a room, on a disk whose only sector says a word and what the firmware did before it. The
/// same sector is started by libvirt's defaults, and the instructions are compared. The thread is looked up on the host.
struct VMOracle: Oracle {
    let id = "vm"
    let mistakes = ["kvm-hard-wired", "busiest-thread", "usual-devices"]
    let points = 2

    /// By so much fewer instructions than with libvirt's defaults, in per cent.
    private static let saving = 30

    private struct Task {
        let name: String
        let mebibytes: Int
        let processors: Int
        /// The one whose thread is asked for: never the first one, which has done all that was done.
        let sought: Int
        let disk: String
        let console: String
        let sector: CountingSector

        init(_ draw: inout Draw) {
            name = draw.name()
            mebibytes = Int.random(in: 40...120, using: &draw)
            processors = Int.random(in: 3...4, using: &draw)
            sought = Int.random(in: 1..<processors, using: &draw)
            (disk, console) = ("/tmp/\(draw.name()).img", "/tmp/\(draw.name())")
            sector = CountingSector(saying: draw.nonce())
        }

        var words: [String] {
            ["define", name, "\(mebibytes)", "\(processors)", disk, console, MachineRoom.emulator]
        }

        /// What is needed and nothing else: all other is libvirt's.
        var usual: [UInt8] {
            Array(
                """
                <domain type='qemu'>
                  <name>\(name)</name><memory unit='MiB'>\(mebibytes)</memory><vcpu>\(processors)</vcpu>
                  <os><type arch='x86_64'>hvm</type></os>
                  <devices>
                    <emulator>\(MachineRoom.emulator)</emulator>
                    <disk type='file' device='disk'>
                      <driver name='qemu' type='raw'/><source file='\(disk)'/><target dev='hda'/>
                    </disk>
                    <serial type='file'><source path='\(console)'/></serial>
                  </devices>
                </domain>

                """.utf8)
        }
    }

    /// A thread as it is known in the room.
    private struct Identity: Equatable {
        var number: pid_t
        /// Clock ticks since the machine booted: field 22 of `/proc/PID/task/TID/stat`.
        var startTicks: UInt64
    }

    func words(_ point: Int, _ draw: inout Draw) -> [String] { Task(&draw).words }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        try MachineRoom.requirePrograms()
        let task = Task(&draw)
        let domain: StudentDomain
        switch try StudentDomain.said(by: artefact, to: task.words, bench) {
        case .failure(let judgement): return judgement
        case .success(let said): domain = said
        }
        let runs: [MachineRoom.Run] = point == 0 ? [.plain] : [.counted, .usual, .plain]
        var flaw: (judgement: Judgement, isLate: Bool)?
        var threads: [Int: Identity] = [:]
        let answer = try bench.answer(
            artefact, ["thread", task.name, "\(task.sought)"],
            before: MachineRoom.script(runs, disk: task.disk, console: task.console),
            change: { $0.binds += MachineRoom.binds },
            furnish: { (directory) throws(LabError) in
                try MachineRoom.furnish(directory, disk: task.sector.disk)
            },
            meanwhile: { (room) throws(LabError) in
                let machines = MachineRoom(room: room, console: task.console)
                if runs.contains(.counted) { flaw = try count(domain, task, machines, bench) }
                if flaw == nil { flaw = try run(domain, task, machines, bench) { threads = $0 } }
                if flaw == nil { try machines.tell("over-plain") } else { room.end() }
            })
        if let flaw { return flaw.isLate ? try bench.late(flaw.judgement) : flaw.judgement }
        return try answer.judged { (said) throws(LabError) in judge(said, task, threads) }
    }

    /// Runs a domain until its sector has spoken.
    private func boot(
        _ run: MachineRoom.Run, _ domain: [UInt8], _ task: Task, _ machines: MachineRoom, _ bench: CheckBench
    ) throws(LabError) -> (report: CountingSector.Report?, isLate: Bool) {
        var report: CountingSector.Report?
        let wait = try machines.start(run, domain, until: bench.deadline) {
            report = task.sector.report(in: $0)
            return report != nil
        }
        return (report, wait == .late)
    }

    private func unbooted(_ domain: StudentDomain, _ machines: MachineRoom) -> Judgement {
        .wrong(
            domain.type == "kvm" ? "kvm-hard-wired" : nil,
            "the machine did not come to the boot sector; \(machines.room.lastWords)")
    }

    /// Counts the instructions of the student's machine, and of one of libvirt's defaults.
    /// - Returns: what is wrong, and whether that may be for want of time.
    private func count(
        _ domain: StudentDomain, _ task: Task, _ machines: MachineRoom, _ bench: CheckBench
    ) throws(LabError) -> (judgement: Judgement, isLate: Bool)? {
        let counted = try boot(.counted, domain.bytes, task, machines, bench)
        guard let report = counted.report else { return (unbooted(domain, machines), counted.isLate) }
        guard try machines.find(task.name, isCounting: true) != nil else {
            return (.wrong(nil, "no QEMU runs a domain \(task.name)"), false)
        }
        try machines.finish(.counted, until: bench.deadline)
        let usual = try boot(.usual, task.usual, task, machines, bench)
        guard let most = usual.report else {
            throw LabError(
                .unavailable, "libvirt runs no machine in a room",
                cause: usual.isLate ? "it took too long" : machines.room.lastWords)
        }
        try machines.finish(.usual, until: bench.deadline)
        let (ticks, usually) = (
            Int(clamping: report.ticks >> MachineRoom.shift), Int(clamping: most.ticks >> MachineRoom.shift)
        )
        guard ticks > usually / 100 * (100 - Self.saving) else { return nil }
        return (
            .wrong(
                "usual-devices",
                "the machine came to the boot sector after \(ticks) instructions, with libvirt's defaults after \(usually): that is not \(Self.saving) per cent fewer"
            ), false
        )
    }

    /// Runs the student's machine as it is; it goes on.
    /// - Parameter seen: takes its threads, by the numbers of its processors.
    /// - Returns: what is wrong, and whether that may be for want of time.
    private func run(
        _ domain: StudentDomain, _ task: Task, _ machines: MachineRoom, _ bench: CheckBench,
        _ seen: ([Int: Identity]) -> Void
    ) throws(LabError) -> (judgement: Judgement, isLate: Bool)? {
        let plain = try boot(.plain, domain.bytes, task, machines, bench)
        guard let report = plain.report else { return (unbooted(domain, machines), plain.isLate) }
        guard let machine = try machines.find(task.name) else {
            return (.wrong(nil, "no QEMU runs a domain \(task.name)"), false)
        }
        guard report.mebibytes == task.mebibytes else {
            return (
                .wrong(nil, "the machine has \(report.mebibytes) MiB of memory, and not \(task.mebibytes)"),
                false
            )
        }
        let threads = Dictionary(
            HostThread.all(of: machine).compactMap { thread in
                thread.virtualProcessor.flatMap { Int(exactly: $0) }.map { ($0, thread) }
            }
        ) { first, _ in first }
        guard threads.count == task.processors else {
            return (
                .wrong(
                    nil, "the machine has \(threads.count) virtual processors, and not \(task.processors)"),
                false
            )
        }
        // Counted from the outermost: the room's own numbers stand where its first process has its last one.
        let depth = try HostProcess(pid: machines.room.pid).status().pids.count - 1
        seen(
            threads.compactMapValues { thread in
                guard let numbers = try? HostProcess(pid: thread.tid).status().pids, numbers.count > depth
                else { return nil }
                return Identity(number: numbers[depth], startTicks: thread.startTicks)
            })
        return nil
    }

    private func judge(_ said: [UInt8], _ task: Task, _ threads: [Int: Identity]) -> Judgement {
        let text = String(decoding: said.prefix(400), as: UTF8.self)
        let shown = ForeignText.quoted(ForeignText.line(text, most: 60))
        let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { UInt64($0) }
        guard let number = numbers.first.flatMap({ pid_t(exactly: $0) }) else {
            return .wrong(nil, "the answer is \(shown), and no number")
        }
        guard number == threads[task.sought]?.number else {
            if number == threads[0]?.number {
                return .wrong(
                    "busiest-thread",
                    "the answer \(Int(number)) is processor 0, which has computed most; asked for was \(task.sought)"
                )
            }
            return .wrong(nil, "the answer \(Int(number)) is not the thread of processor \(task.sought)")
        }
        guard numbers.count == 2, numbers[1] == threads[task.sought]?.startTicks else {
            return .wrong(nil, "the thread is the right one, and its start time is another: \(shown)")
        }
        return .right(
            "the machine has \(task.mebibytes) MiB and \(task.processors) processors, and thread \(Int(number)) is number \(task.sought) of them"
        )
    }
}
