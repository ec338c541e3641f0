import LabCore

/// A domain XML of a student's. libvirt reads it, in a room; here it is only looked whether another program than the machine's
/// emulator could speak in its name.
///
/// Without comments, entities and declarations each `<` begins an element, so their names can be seen without a parser.
struct StudentDomain {
    let bytes: [UInt8]
    /// The value of its type; nil when it has none.
    let type: String?

    /// The most that it may have, in bytes.
    static let most = 1 << 14

    /// Of https://libvirt.org/formatdomain.html what describes a machine, its memory, processors and simple devices. Nothing that
    /// names a program, another kernel or firmware, or hands words through to QEMU.
    private static let elements: Set<String> = [
        "domain", "name", "uuid", "title", "description", "memory", "currentMemory", "vcpu", "os", "type",
        "boot",
        "bootmenu", "bios", "features", "acpi", "apic", "pae", "cpu", "model", "topology", "feature", "clock",
        "timer", "on_poweroff", "on_reboot", "on_crash", "devices", "emulator", "disk", "driver", "source",
        "target", "address", "readonly", "controller", "serial", "console", "memballoon", "input", "video",
        "graphics", "audio",
    ]

    /// - Throws: `.data` for what is not taken.
    init(_ bytes: [UInt8], emulator: String) throws(LabError) {
        guard bytes.count <= Self.most else { throw Self.refused("it is larger than \(Self.most) bytes") }
        let text = String(decoding: bytes, as: UTF8.self)
        var rest = bytes[...]
        if let prolog = text.prefixMatch(of: /\s*<\?xml[^<>]*\?>/) {
            rest = rest.dropFirst(prolog.output.utf8.count)
        }
        guard !rest.contains(UInt8(ascii: "&")), !rest.contains(0) else {
            throw Self.refused("it has an entity, or a NUL")
        }
        var names: [String] = []
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            rest = rest[(start + 1)...]
            if rest.first == UInt8(ascii: "/") { rest = rest.dropFirst() }
            names.append(String(decoding: rest.prefix { !Self.endsName($0) }.prefix(64), as: UTF8.self))
        }
        guard names.first == "domain", names.last == "domain" else { throw Self.refused("it is no domain") }
        if let name = names.first(where: { !Self.elements.contains($0) }) {
            throw Self.refused("it has an element \(ForeignText.quoted(name))")
        }
        // One that begins and one that ends.
        guard names.count(where: { $0 == "emulator" }) == 2, text.contains("<emulator>\(emulator)</emulator>")
        else {
            throw Self.refused("its emulator is not \(emulator)")
        }
        self.bytes = bytes
        type = text.firstMatch(of: /<domain\b[^>]*\stype\s*=\s*['"](\w+)['"]/).map { String($0.1) }
    }

    /// What an artefact says to these words, as a domain.
    /// - Returns: why it is none, where it is none.
    static func said(
        by artefact: Artefact, to words: [String], _ bench: CheckBench
    ) throws(LabError) -> Result<StudentDomain, Judgement> {
        switch try bench.answer(artefact, words).said {
        case .failure(let judgement): return .failure(judgement)
        case .success(let output):
            do throws(LabError) {
                return .success(try StudentDomain(output, emulator: MachineRoom.emulator))
            } catch {
                return .failure(.wrong(nil, "\(error)"))
            }
        }
    }

    private static func endsName(_ byte: UInt8) -> Bool {
        [UInt8(ascii: " "), 0x09, 0x0a, 0x0d, UInt8(ascii: "/"), UInt8(ascii: ">"), UInt8(ascii: "<")]
            .contains(byte)
    }

    private static func refused(_ cause: Message) -> LabError {
        LabError(.data, "the domain XML is not taken", cause: cause)
    }
}
