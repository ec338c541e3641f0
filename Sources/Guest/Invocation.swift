import CGuest

/// A C string that lives as long as the program: an argument, or a literal.
typealias Text = UnsafePointer<CChar>

/// Exit codes of lab-guest itself, as sysexits(3) numbers them.
enum Status {
    static let usage: Int32 = 64
    /// The kernel refused what a workload needs: EX_OSERR.
    static let system: Int32 = 71
    static let cannotOpen: Int32 = 73
}

/// The command line, read once. Unknown options are left in place of the workload, which is then unknown.
struct Invocation {
    let isMachine: Bool
    /// True for a service of a system with an init of its own: `--service`.
    let isService: Bool
    /// True for a machine that, after its last record, waits until the host ends it: `--stay`.
    let stays: Bool
    /// The text after `--channel=`.
    let channel: Text
    /// The text after `--modules=`: names, joined with commas; nil for none.
    let modules: Text?
    /// The text after `--address=`: that of its interface `eth0`, `10.1.2.3/20`; nil where it has none.
    let address: Text?
    /// Name of the workload, nil when none was given.
    let workload: Text?
    /// The words after the workload's name.
    let arguments: Arguments

    init(_ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, count: Int) {
        var isMachine = false
        var isService = false
        var stays = false
        var channel = literal("fd:1")
        var modules: Text?
        var address: Text?
        var index = 1
        while index < count, let word = argv[index] {
            if strcmp(word, "--machine") == 0 {
                isMachine = true
            } else if strcmp(word, "--service") == 0 {
                isService = true
            } else if strcmp(word, "--stay") == 0 {
                stays = true
            } else if let rest = suffix(of: word, after: "--channel=") {
                channel = rest
            } else if let rest = suffix(of: word, after: "--modules=") {
                modules = rest
            } else if let rest = suffix(of: word, after: "--address=") {
                address = rest
            } else {
                break
            }
            index += 1
        }
        self.isMachine = isMachine
        self.isService = isService
        self.stays = stays
        self.channel = channel
        self.modules = modules
        self.address = address
        workload = index < count ? argv[index].map { Text($0) } : nil
        arguments = Arguments(first: argv + min(index + 1, count), count: max(count - index - 1, 0))
    }
}

/// The arguments of a workload.
struct Arguments {
    let first: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    let count: Int

    subscript(index: Int) -> Text? {
        index < count ? first[index].map { Text($0) } : nil
    }

    /// An argument as a decimal number, nil when it is missing, malformed or more than `limit`.
    func number(_ index: Int, limit: UInt) -> UInt? {
        self[index].flatMap { parseNumber($0, base: 10, limit: limit) }
    }
}

/// The bytes of a literal as a C string: the compiler ends them with NUL.
func literal(_ text: StaticString) -> Text {
    UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// Returns the text after `prefix` in `text`, nil when it begins otherwise.
func suffix(of text: Text, after prefix: StaticString) -> Text? {
    strncmp(text, literal(prefix), prefix.utf8CodeUnitCount) == 0 ? text + prefix.utf8CodeUnitCount : nil
}

/// Digits in base 10 or 16 up to the end of `text`, at most `limit`.
func parseNumber(_ text: Text, base: UInt, limit: UInt) -> UInt? {
    guard text[0] != 0 else { return nil }
    var value: UInt = 0
    var next = text
    while next[0] != 0 {
        let byte = UInt8(bitPattern: next[0])
        let digit: UInt
        switch byte {
        case 0x30...0x39: digit = UInt(byte) - 0x30
        case 0x61...0x66 where base == 16: digit = UInt(byte) - 0x61 + 10
        default: return nil
        }
        value = value * base + digit
        if value > limit { return nil }
        next += 1
    }
    return value
}

/// Says what is wrong on standard error: the console of a machine.
func complain(_ text: StaticString) {
    _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
}

/// Says what failed and why.
func complain(_ failure: Failure) {
    complain("lab-guest: ")
    complain(failure.text)
    if failure.code != 0, let reason = cguest_error_text(failure.code) {
        complain(": ")
        _ = write(2, reason, strlen(reason))
    }
    complain("\n")
}

/// The reason why a workload can't go on: what was being done, and the error number of the failed call, 0 for none.
struct Failure: Error {
    let text: StaticString
    let code: Int32

    init(_ text: StaticString, code: Int32) {
        self.text = text
        self.code = code
    }

    /// With the errno of the call that has just failed.
    init(_ text: StaticString) { self.init(text, code: cguest_errno()) }
}
