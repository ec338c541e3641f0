import LabCore

/// The kind of an x86 kernel, by the first bytes of its file.
enum KernelImage: Equatable {
    /// Linux's own boot format (Documentation/arch/x86/boot.rst): code that unpacks the kernel proper.
    case bzImage(version: String, payload: Range<Int>)
    /// An ELF file with the entry point of Xen's PVH protocol (docs/misc/pvh.pandoc in Xen): QEMU jumps right into it.
    case pvh

    /// Recognises an image; nil when it is none. Takes any bytes at all.
    init?(_ bytes: [UInt8]) {
        if let image = Self.bzImage(bytes) {
            self = image
        } else if Self.hasPVHEntry(bytes) {
            self = .pvh
        } else {
            return nil
        }
    }

    private static func bzImage(_ bytes: [UInt8]) -> KernelImage? {
        // Offsets of the real-mode header: boot_flag, header, version, kernel_version, loadflags, payload_*.
        guard bytes.little16(0x1fe) == 0xaa55, bytes.little32(0x202) == 0x5372_6448,
            let format = bytes.little16(0x206), format >= 0x0208,
            let payloadOffset = bytes.little32(0x248), let payloadLength = bytes.little32(0x24c),
            let versionOffset = bytes.little16(0x20e), bytes[0x211] & 1 == 1
        else { return nil }
        let sectors = bytes[0x1f1] == 0 ? 4 : Int(bytes[0x1f1])
        let start = (sectors + 1) * 512 + Int(payloadOffset)
        let end = start + Int(payloadLength)
        guard end <= bytes.count, payloadLength > 4 else { return nil }
        var version = ""
        if versionOffset != 0 {
            let text = bytes.dropFirst(Int(versionOffset) + 0x200).prefix(128).prefix {
                $0 > 0x20 && $0 < 0x7f
            }
            version = String(decoding: text, as: UTF8.self)
        }
        return .bzImage(version: version, payload: start..<end)
    }

    /// Looks for the note XEN_ELFNOTE_PHYS32_ENTRY (18) of owner `Xen` in the program headers' notes, elf(5).
    private static func hasPVHEntry(_ bytes: [UInt8]) -> Bool {
        guard bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]), bytes.little16(18) == 62,
            let table = bytes.little64(32), let size = bytes.little16(54), let count = bytes.little16(56),
            size >= 56, table <= UInt64(bytes.count)
        else { return false }
        for index in 0..<Int(count) {
            let header = Int(table) + index * Int(size)
            guard let type = bytes.little32(header) else { return false }
            guard type == 4, let offset = bytes.little64(header + 8),
                let length = bytes.little64(header + 32),
                offset <= UInt64(bytes.count), length <= UInt64(bytes.count) - offset
            else { continue }
            if hasPVHNote(bytes, in: Int(offset)..<Int(offset + length)) { return true }
        }
        return false
    }

    private static func hasPVHNote(_ bytes: [UInt8], in range: Range<Int>) -> Bool {
        var note = range.lowerBound
        while note + 12 <= range.upperBound, let nameLength = bytes.little32(note),
            let length = bytes.little32(note + 4), let type = bytes.little32(note + 8)
        {
            let owner = bytes.dropFirst(note + 12).prefix(4)
            if type == 18 && nameLength == 4 && owner.elementsEqual([0x58, 0x65, 0x6e, 0]) { return true }
            note += 12 + (Int(nameLength) + 3) / 4 * 4 + (Int(length) + 3) / 4 * 4
        }
        return false
    }
}

extension [UInt8] {
    fileprivate func little(_ offset: Int, _ width: Int) -> UInt64? {
        guard offset >= 0, count >= width, offset <= count - width else { return nil }
        return self[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    fileprivate func little16(_ offset: Int) -> UInt16? { little(offset, 2).map { UInt16($0) } }
    fileprivate func little32(_ offset: Int) -> UInt32? { little(offset, 4).map { UInt32($0) } }
    fileprivate func little64(_ offset: Int) -> UInt64? { little(offset, 8) }
}
