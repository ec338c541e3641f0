import ContainerDriver
import Glibc
import LabCore

/// `memory`: a domain XML whose machine takes so much of the host's memory and gives so much of it back, and how many machines fit into a
/// budget.
///
/// What a machine takes is the kernel's account of the mapping that is its memory. It says a word all the while, so that it is seen to
/// live without what it gave back.
struct MemoryOracle: Oracle {
    let id = "memory"
    let mistakes = ["not-returned", "configured-times-n", "rss-times-n"]
    let points = 2

    /// How far from what was asked for the memory may be, in MiB: the host may give it in pages of 2 MiB, and the balloon takes 4 at a
    /// time.
    private static let slack = 6

    private struct Task {
        let name: String
        let disk: String
        let console: String
        let word: String
        /// What the host is to have given to the machine in the end, and what is to be left of it, in MiB.
        let full: Int
        let left: Int
        /// Two machines, how much memory each has, and the budget for many like them, in MiB.
        let names: [String]
        let mebibytes: Int
        let budget: Int

        init(_ draw: inout Draw) {
            (name, word) = (draw.name(), draw.nonce())
            (disk, console) = ("/tmp/\(draw.name()).img", "/tmp/\(draw.name())")
            full = Int.random(in: 50...90, using: &draw)
            left = Int.random(in: 14...32, using: &draw)
            names = [draw.name(), draw.name()]
            mebibytes = Int.random(in: 192...240, using: &draw)
            budget = Int.random(in: 6_000...12_000, using: &draw)
        }

        var words: [String] {
            ["define", name, "\(full)", "\(left)", disk, console, MachineRoom.emulator]
        }
        var fit: [String] { ["fit", "\(budget)"] + names }
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
        if let flaw = try tide(domain, artefact, task, bench) {
            return flaw.isLate ? try bench.late(flaw.judgement) : flaw.judgement
        }
        return try fit(artefact, task, bench)
    }

    /// Runs the machine, lets it give memory back, and sees what is wrong with it.
    private func tide(
        _ domain: StudentDomain, _ artefact: Artefact, _ task: Task, _ bench: CheckBench
    ) throws(LabError) -> (judgement: Judgement, isLate: Bool)? {
        let script = """
            \(MachineRoom.script([.plain], disk: task.disk, console: task.console))
            until [ -e /vm/give ]; do sleep 0.02; done
            printf x | dd of=\(task.disk) bs=1 seek=512 conv=notrunc 2>/dev/null
            while :; do sleep 1; done
            """
        let sector = TideSector(saying: task.word)
        return try bench.run(
            artefact, [],
            change: {
                $0.command = ["/bin/sh", "-c", script]
                $0.binds += MachineRoom.binds
            },
            furnish: { (directory) throws(LabError) in try MachineRoom.furnish(directory, disk: sector.disk) }
        ) { (room) throws(LabError) -> (judgement: Judgement, isLate: Bool)? in
            let machines = MachineRoom(room: room, console: task.console)
            let isFull = try machines.start(.plain, domain.bytes, until: bench.deadline) {
                sector.beats(.full, in: $0) > 0
            }
            guard isFull == .met, let machine = try machines.find(task.name) else {
                return (
                    .wrong(nil, "the machine did not come to write to its memory; \(room.lastWords)"),
                    isFull == .late
                )
            }
            let full = try machine.guestMebibytes()
            guard abs(full - task.full) <= Self.slack else {
                return (
                    .wrong(
                        nil, "the machine has \(full) MiB of the host's memory, and was to have \(task.full)"),
                    false
                )
            }
            try machines.tell("over-plain")
            try machines.tell("give")
            // Twice: what was given back before it said so is back.
            let isOver = try room.wait(until: bench.deadline) { sector.beats(.over, in: machines.said) > 1 }
            guard isOver == .met, machine.isRunning else {
                return (.wrong(nil, "the machine says nothing any more; \(room.lastWords)"), isOver == .late)
            }
            let left = try machine.guestMebibytes()
            guard abs(left - task.left) <= Self.slack else {
                return (
                    .wrong(
                        left > full - Self.slack ? "not-returned" : nil,
                        "the machine had \(full) MiB of the host's memory, has \(left) when it needs no more, and was to have \(task.left)"
                    ), false
                )
            }
            let count = sector.beats(.over, in: machines.said)
            let lives = try room.wait(until: bench.deadline) {
                sector.beats(.over, in: machines.said) > count
            }
            guard lives == .met else {
                return (.wrong(nil, "the machine says nothing any more; \(room.lastWords)"), lives == .late)
            }
            return nil
        }
    }

    /// What two machines alike take, in MiB.
    private struct Account {
        let mebibytes: Double
        /// What is resident of one, and what of that is nobody else's.
        let resident: Double
        let own: Double

        func count(in budget: Int) -> Int { 1 + Int((Double(budget) - resident) / own) }
    }

    /// Starts two machines, and asks how many fit into the budget.
    private func fit(_ artefact: Artefact, _ task: Task, _ bench: CheckBench) throws(LabError) -> Judgement {
        let script = """
            for name in \(task.names.joined(separator: " ")); do
                cp /vm/disk /tmp/$name.img
                qemu-system-x86_64 -name guest=$name,debug-threads=on -machine pc,acpi=off -accel tcg \
            -m \(task.mebibytes) -no-user-config -nodefaults -display none \
            -drive if=ide,format=raw,file=/tmp/$name.img -serial file:/tmp/$name >/dev/null &
            done
            until [ -e /vm/counted ]; do sleep 0.02; done
            """
        let sector = TideSector(saying: task.word)
        var account: Account?
        let answer = try bench.answer(
            artefact, task.fit, before: script,
            change: {
                $0.binds += MachineRoom.binds
                $0.limits.memoryBytes = 1 << 30
            },
            furnish: { (directory) throws(LabError) in try MachineRoom.furnish(directory, disk: sector.disk)
            },
            meanwhile: { (room) throws(LabError) in
                let machines = task.names.map { MachineRoom(room: room, console: "/tmp/\($0)") }
                let areFull = try room.wait(until: bench.deadline) {
                    machines.allSatisfy { sector.beats(.full, in: $0.said) > 0 }
                }
                guard areFull == .met, let first = try machines[0].find(task.names[0]),
                    let second = try machines[1].find(task.names[1])
                else {
                    throw LabError(.unavailable, "QEMU runs no machine in a room", cause: room.lastWords)
                }
                let all = try [first.memory(), second.memory()]
                account = Account(
                    mebibytes: Double(task.mebibytes), resident: (all[0].resident + all[1].resident) / 2,
                    own: (all[0].own + all[1].own) / 2)
                try machines[0].tell("counted")
            })
        guard let account else { throw LabError(.software, "a room whose machines were not looked at") }
        return try answer.judged { (said) throws(LabError) in judge(said, task, account) }
    }

    private func judge(_ said: [UInt8], _ task: Task, _ account: Account) -> Judgement {
        let text = String(decoding: said.prefix(400), as: UTF8.self).trimmingWhitespace()
        guard let count = Int(text) else {
            return .wrong(nil, "the answer is \(ForeignText.quoted(text)), and no number")
        }
        func isNear(_ other: Int) -> Bool {
            let (difference, isFar) = count.subtractingReportingOverflow(other)
            return !isFar && difference.magnitude <= max(1, other.magnitude / 25)
        }
        let truth = account.count(in: task.budget)
        if isNear(truth) {
            return .right(
                "the machine took \(task.full) MiB and gave back all but \(task.left), and \(truth) like the others fit into \(task.budget)"
            )
        }
        let budget = Double(task.budget)
        let mistake =
            isNear(Int(budget / account.mebibytes))
            ? "configured-times-n" : isNear(Int(budget / account.resident)) ? "rss-times-n" : nil
        return .wrong(mistake, "the answer is \(count); \(truth) machines fit into \(task.budget) MiB")
    }
}

extension HostProcess {
    /// What is resident of its largest private mapping that is nobody's file and holds no code, in MiB: of QEMU's, the machine's memory. See
    /// proc_pid_smaps(5).
    fileprivate func guestMebibytes() throws(LabError) -> Int {
        var largest = (size: UInt64(0), kibibytes: UInt64(0))
        var isIt = false
        for line in try Files.readText("/proc/\(pid)/smaps").split(separator: "\n") {
            let words = line.split(separator: " ")
            let range = words.first?.split(separator: "-").compactMap { UInt64($0, radix: 16) } ?? []
            if range.count == 2, words.count > 4, range[1] > range[0] {
                isIt = words[1] == "rw-p" && words[4] == "0" && range[1] - range[0] > largest.size
                if isIt { largest = (range[1] - range[0], 0) }
            } else if isIt, words.count == 3, words[0] == "Rss:" {
                largest.kibibytes = UInt64(words[1]) ?? 0
            }
        }
        return Int(clamping: (largest.kibibytes + 512) / 1_024)
    }

    /// What is resident of it, and what of that is nobody else's, in MiB. See proc_pid_smaps(5).
    fileprivate func memory() throws(LabError) -> (resident: Double, own: Double) {
        var kibibytes: [String: Double] = [:]
        for line in try Files.readText("/proc/\(pid)/smaps_rollup").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 3 { kibibytes[String(words[0])] = Double(words[1]) }
        }
        guard let resident = kibibytes["Rss:"], let clean = kibibytes["Private_Clean:"],
            let dirty = kibibytes["Private_Dirty:"], dirty > 0
        else { throw LabError(.instance, "the memory of process \(pid) is unknown") }
        return (resident / 1_024, (clean + dirty) / 1_024)
    }
}
