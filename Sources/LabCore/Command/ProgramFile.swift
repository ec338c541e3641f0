/// The kind of file that a program is, from its first bytes: what must be there beside it, and for which processor it is.
enum ProgramFile: Equatable {
    /// An ELF executable with the number of its machine, and the dynamic loader that it names.
    case elf(machine: UInt16, loader: String?)
    /// A script and its interpreter.
    case script(interpreter: String)
    /// The kernel executes no such file.
    case unknown

    /// The most bytes of a file that are looked at: headers and the loader's name stand at its beginning.
    static let mostBytes = 1 << 16

    /// Takes any bytes.
    init(_ bytes: [UInt8]) {
        if bytes.starts(with: Array("#!".utf8)) {
            let line = bytes.dropFirst(2).prefix(255).prefix { $0 != 0x0a && $0 != 0 }
            let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
            let word = line.drop(while: blank).prefix { !blank($0) }
            self = word.isEmpty ? .unknown : .script(interpreter: String(decoding: word, as: UTF8.self))
            return
        }
        guard bytes.count >= 52, bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]), bytes[5] == 1 || bytes[5] == 2
        else {
            self = .unknown
            return
        }
        let isWide = bytes[4] == 2
        func number(_ place: Int, _ size: Int) -> Int? {
            guard place >= 0, place <= bytes.count - size else { return nil }
            let raw = bytes[place..<place + size]
            let ordered = bytes[5] == 1 ? Array(raw.reversed()) : Array(raw)
            return Int(exactly: ordered.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
        let machine = UInt16(truncatingIfNeeded: number(18, 2) ?? 0)
        let table = isWide ? number(32, 8) : number(28, 4)
        let (size, count) = (number(isWide ? 54 : 42, 2), number(isWide ? 56 : 44, 2))
        var loader: String?
        for index in 0..<min(count ?? 0, 64) {
            guard let table, let size, table < bytes.count, number(table + index * size, 4) == 3 else {
                continue
            }
            let header = table + index * size
            // PT_INTERP: its place in the file and its length.
            guard let start = number(header + (isWide ? 8 : 4), isWide ? 8 : 4),
                let length = number(header + (isWide ? 32 : 16), isWide ? 8 : 4), start < bytes.count,
                length <= 4_096
            else { continue }
            let name = bytes[start..<min(bytes.count, start + length)].prefix { $0 != 0 }
            loader = String(decoding: name, as: UTF8.self)
        }
        self = .elf(machine: machine, loader: loader)
    }

    /// The machines of elf(5) by the names that image registries have for them.
    static let machines: [UInt16: String] = [
        3: "386", 8: "mips", 21: "ppc64le", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64",
        258: "loong64",
    ]

    static func name(_ machine: UInt16) -> String { machines[machine] ?? "ELF-\(machine)" }

    /// Those that this machine's kernel executes by itself, its own first.
    static let native: [UInt16] = {
        #if arch(x86_64)
        [62, 3]
        #elseif arch(arm64)
        [183, 40]
        #else
        []
        #endif
    }()

    /// True when the kernel has been told of other ways to execute a file, so that it has the last word: binfmt_misc.
    static var hasHandlers: Bool {
        Files.list("/proc/sys/fs/binfmt_misc").contains { !["register", "status"].contains($0) }
    }
}
