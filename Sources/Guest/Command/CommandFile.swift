import CGuest

/// The command that a machine runs: `/command` of its initramfs, which GuestCommand.swift of VMDriver writes. Texts with a
/// NUL behind each, numbers in decimal:
///
///     FILESYSTEM         the kernel's name of the disk's
///     PROGRAM            its path in the tree
///     DIRECTORY          where it stands
///     USER GROUP         numbers
///     COUNT GROUP…       its supplementary groups
///     PORT               ready is when it listens there; 0 where something else shows it
///     COUNT ARGUMENT…    the first is its own name
///     COUNT VARIABLE…    NAME=value
///
/// and, where another command says whether it is ready, that one's:
///
///     PROGRAM
///     COUNT ARGUMENT…
struct CommandFile {
    /// Words as execve(2) takes them: NULL behind the last.
    typealias Words = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    let fileSystem: Text
    let program: Text
    let directory: Text
    let user: UInt32
    let group: UInt32
    let groups: UnsafeMutablePointer<UInt32>
    let groupCount: Int
    let port: UInt16
    let arguments: Words
    let environment: Words
    let check: Check?

    /// A command that is run until it exits with 0.
    struct Check {
        let program: Text
        let arguments: Words
    }

    /// Reads it. Nothing is given back: the command's words point into it.
    init() throws(Failure) {
        var file = try Reader("/command")
        fileSystem = Text(try file.text())
        program = Text(try file.text())
        directory = Text(try file.text())
        user = UInt32(try file.number(limit: UInt(UInt32.max)))
        group = UInt32(try file.number(limit: UInt(UInt32.max)))
        groupCount = Int(try file.number(limit: 1 << 16))
        groups = .allocate(capacity: groupCount + 1)
        for index in 0..<groupCount {
            groups[index] = UInt32(try file.number(limit: UInt(UInt32.max)))
        }
        port = UInt16(try file.number(limit: UInt(UInt16.max)))
        arguments = try file.words()
        environment = try file.words()
        check = file.isAtEnd ? nil : Check(program: Text(try file.text()), arguments: try file.words())
    }

    private struct Reader {
        private var next: UnsafeMutablePointer<CChar>
        private let end: UnsafeMutablePointer<CChar>

        init(_ path: Text) throws(Failure) {
            let file = cguest_open(path)
            guard file >= 0 else { throw Failure("cannot read /command") }
            let size = Int(lseek(file, 0, SEEK_END))
            guard size > 0, lseek(file, 0, SEEK_SET) == 0 else { throw Failure("cannot read /command") }
            // Whatever is in it, it ends with a NUL.
            next = .allocate(capacity: size + 1)
            var filled = 0
            while filled < size {
                let count = CGuest.read(file, next + filled, size - filled)
                guard count > 0 else { throw Failure("cannot read /command") }
                filled += count
            }
            next[size] = 0
            end = next + size
            close(file)
        }

        var isAtEnd: Bool { next >= end }

        mutating func text() throws(Failure) -> UnsafeMutablePointer<CChar> {
            guard next < end else { throw Failure("/command is cut short", code: 0) }
            let text = next
            next += Int(strlen(text)) + 1
            return text
        }

        mutating func number(limit: UInt) throws(Failure) -> UInt {
            guard let number = parseNumber(Text(try text()), base: 10, limit: limit) else {
                throw Failure("/command holds no number where there must be one", code: 0)
            }
            return number
        }

        mutating func words() throws(Failure) -> Words {
            let count = Int(try number(limit: 1 << 20))
            let words = Words.allocate(capacity: count + 1)
            for index in 0..<count { words[index] = try text() }
            words[count] = nil
            return words
        }
    }
}
