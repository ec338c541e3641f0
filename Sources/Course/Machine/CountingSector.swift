import LabCore

/// An operating system of one sector. On the first serial port it says a word, the clock of the processor as it was when it was come
/// to, and how much memory the firmware has found; then it computes without end.
struct CountingSector {
    /// What it says.
    struct Report: Equatable {
        /// Of the clock: where that counts instructions, how many it took to come to the sector.
        var ticks: UInt64
        var mebibytes: Int
    }

    private let word: String
    private let bytes: [UInt8]

    /// A disk that begins with it: of 1 MiB, since firmware takes nothing smaller for a disk.
    var disk: [UInt8] { bytes + [UInt8](repeating: 0, count: (1 << 20) - bytes.count) }

    /// - Parameter word: printable, without blanks, and 256 bytes at most.
    init(saying word: String) {
        self.word = word
        let text = Self.code + Array("\(word) ".utf8) + [0]
        precondition(text.count <= 510, "a word that a sector has no room for")
        // What marks a sector as one to boot from.
        bytes = text + [UInt8](repeating: 0, count: 510 - text.count) + [0x55, 0xaa]
    }

    /// What the sector has said by now; nil while that is not all, or for what somebody else says.
    func report(in console: [UInt8]) -> Report? {
        // The last line counts only when it has ended.
        for line in console.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        {
            let words = String(decoding: line, as: UTF8.self).split(separator: " ")
            guard words.count == 3, words[0].hasSuffix(word), words[1].utf8.count == 16,
                words[2].utf8.count == 4,
                let ticks = UInt64(words[1], radix: 16), let blocks = Int(words[2], radix: 16), blocks >= 0
            else { continue }
            // Blocks of 64 KiB above 16 MiB; the firmware keeps a few for itself.
            return Report(ticks: ticks, mebibytes: 16 + (blocks + 15) / 16)
        }
        return nil
    }

    /// For the address 0x7c00, at which a PC's firmware puts it; the text follows.
    private static let code: [UInt8] = [
        0x0f, 0x31,  // rdtsc
        0x31, 0xc9,  // xor cx, cx
        0x8e, 0xd9,  // mov ds, cx
        0x8e, 0xd1,  // mov ss, cx
        0xbc, 0x00, 0x7c,  // mov sp, 0x7c00
        0xfc,  // cld
        0x66, 0x52,  // push edx
        0x66, 0x50,  // push eax
        0xb8, 0x01, 0xe8,  // mov ax, 0xe801
        0xcd, 0x15,  // int 0x15: dx is the memory above 16 MiB in blocks of 64 KiB
        0x52,  // push dx
        0x68, 0x6c, 0x7c,  // push text
        0x5e,  // pop si
        // next:
        0xac,  // lodsb
        0x84, 0xc0,  // test al, al
        0x74, 0x05,  // jz numbers
        0xe8, 0x45, 0x00,  // call put
        0xeb, 0xf6,  // jmp next
        // numbers:
        0x5a,  // pop dx
        0x66, 0x58,  // pop eax
        0x66, 0x59,  // pop ecx
        0x52,  // push dx
        0x66, 0x50,  // push eax
        0x66, 0x89, 0xc8,  // mov eax, ecx
        0xe8, 0x1c, 0x00,  // call eight
        0x66, 0x58,  // pop eax
        0xe8, 0x17, 0x00,  // call eight
        0xb0, 0x20,  // mov al, ' '
        0xe8, 0x2b, 0x00,  // call put
        0x58,  // pop ax
        0x66, 0xc1, 0xe0, 0x10,  // shl eax, 16
        0xb9, 0x04, 0x00,  // mov cx, 4
        0xe8, 0x0a, 0x00,  // call digits
        0xb0, 0x0a,  // mov al, '\n'
        0xe8, 0x1b, 0x00,  // call put
        0xeb, 0xfe,  // here: jmp here
        // eight:
        0xb9, 0x08, 0x00,  // mov cx, 8
        // digits: cx hexadecimal digits of eax, from the highest on
        0x66, 0xc1, 0xc0, 0x04,  // rol eax, 4
        0x50,  // push ax
        0x24, 0x0f,  // and al, 15
        0x3c, 0x0a,  // cmp al, 10
        0x72, 0x02,  // jb digit
        0x04, 0x27,  // add al, 'a' - '0' - 10
        // digit:
        0x04, 0x30,  // add al, '0'
        0xe8, 0x04, 0x00,  // call put
        0x58,  // pop ax
        0xe2, 0xeb,  // loop digits
        0xc3,  // ret
        // put:
        0xba, 0xf8, 0x03,  // mov dx, 0x3f8
        0xee,  // out dx, al
        0xc3,  // ret
    ]
}
