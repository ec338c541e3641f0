import LabCore

/// A whole operating system of 512 bytes, in the place where a PC looks for one: it says what it was given, and no Linux
/// is anywhere near.
struct BootSector {
    /// The sector.
    let bytes: [UInt8]

    /// The address at which a PC's firmware puts the sector, and the offset in it at which the text begins.
    private static let origin = 0x7c00
    private static let textOffset = 0x20
    /// The bytes that mark a sector as one to boot from.
    private static let signature: [UInt8] = [0x55, 0xaa]

    private static let code: [UInt8] = [
        0x31, 0xc0,  // xor ax, ax
        0x8e, 0xd8,  // mov ds, ax
        0xfc,  // cld
        0xbe, UInt8(textOffset), UInt8(origin >> 8),  // mov si, text
        // next:
        0xac,  // lodsb
        0x84, 0xc0,  // test al, al
        0x74, 0x04,  // jz done
        0xe6, UInt8(RecordChannel.port),  // out 0xe9, al
        0xeb, 0xf7,  // jmp next
        // done:
        0xf4,  // hlt
        0xeb, 0xfd,  // jmp done
    ]

    /// The sector that speaks lab-guest's records: `init`, `ready` and the output `text`.
    /// - Throws: `.usage` when the text does not fit, or holds a NUL, which ends it.
    init(saying text: String) throws(LabError) {
        let words = Array("init\nready\noutput \(text)\n".utf8)
        let room = 512 - Self.textOffset - 1 - Self.signature.count
        guard words.count <= room, !words.contains(0) else {
            throw LabError(.usage, "a boot sector can't say \(text.debugDescription)")
        }
        var sector = Self.code + [UInt8](repeating: 0, count: Self.textOffset - Self.code.count) + words
        sector += [UInt8](repeating: 0, count: 512 - sector.count - Self.signature.count) + Self.signature
        bytes = sector
    }

    /// A disk that begins with it: of 1 MiB, since firmware takes nothing smaller for a disk.
    var disk: [UInt8] { bytes + [UInt8](repeating: 0, count: (1 << 20) - bytes.count) }
}

/// `boot-sector`: another operating system runs: one of 512 bytes that is no Linux.
struct BootSectorExperiment: Experiment {
    let id = "boot-sector"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let engine = engine as? PreparedVM else {
            throw LabError(.unavailable, "\(engine.id) has no machine that could boot a sector")
        }
        // Part of the sector's own code, so that nothing but this very sector can say it.
        let nonce = bench.nonce()
        let request = bench.request(.idle)
        let context = bench.context
        let path = "\(context.paths.machines)/lab-\(context.runID)-sector-\(request.index)"
        try context.journal.record(JournaledResource(.file, path))
        try MachineFiles.prepare(context.paths.machines)
        defer { try? Files.removeTree(path) }
        try Files.write(try BootSector(saying: nonce).disk, to: path, mode: 0o600)
        try engine.hand(path)
        let instance = try engine.launch(request, disk: path)
        defer { bench.dispose(instance) }
        try instance.waitForOutput(deadline: request.deadline)
        guard instance.transcript.outputs == [nonce] else {
            throw LabError(.instance, "the boot sector said what it was not told to")
        }
        var finding = Finding()
        finding.note(
            "boot-sector", true, answer: "runs", mechanism: Mechanism.none, evidence: kernels(of: instance))
        return finding
    }

    /// Returns what QEMU was really given, by its command line as the host's kernel has it.
    private func kernels(of instance: any Instance) -> Message? {
        guard let machine = try? (instance as? any HostVisible)?.hostProcesses().first,
            let options = machine.commandLine
        else { return nil }
        return options.contains("-kernel") ? "QEMU has a -kernel" : "QEMU has a disk and no -kernel"
    }
}
