import CGuest

/// A workload that is asked for in a line on standard input instead of on the command line: its name and its
/// arguments, joined with tabs, and LF at the end.
///
/// The line can say what a kernel's command line can: 2,047 bytes, 32 words, no control character.
struct Order {
    let workload: Text
    let arguments: Arguments

    private static let longest = 2_047
    private static let mostWords = 32

    /// Waits for the line; what comes after it is not read on.
    /// - Throws: when there is none, or what comes is none.
    init() throws(Failure) {
        // Both are kept as long as the program lives: the workload points into them.
        let line = UnsafeMutablePointer<CChar>.allocate(capacity: Order.longest + 1)
        let words = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: Order.mostWords)
        let length = try Order.read(into: line)
        var count = 0
        var start = 0
        for index in 0...length where index == length || line[index] == 0x09 {
            guard count < Order.mostWords else { throw Failure("the order has too many words", code: 0) }
            words[count] = line + start
            count += 1
            line[index] = 0
            start = index + 1
        }
        workload = Text(line)
        arguments = Arguments(first: words + 1, count: count - 1)
    }

    /// Reads up to the first LF; returns how many bytes came before it.
    private static func read(into line: UnsafeMutablePointer<CChar>) throws(Failure) -> Int {
        var filled = 0
        var seen = 0
        while true {
            let count = CGuest.read(0, line + filled, longest + 1 - filled)
            if count < 0 {
                if cguest_errno() == EINTR { continue }
                throw Failure("cannot read the order")
            }
            if count == 0 { throw Failure("the order has no end", code: 0) }
            filled += count
            while seen < filled {
                let byte = UInt8(bitPattern: line[seen])
                if byte == 0x0a { return seen }
                guard byte == 0x09 || byte > 0x1f && byte != 0x7f else {
                    throw Failure("the order holds a control character", code: 0)
                }
                seen += 1
            }
            if filled > longest { throw Failure("the order is too long", code: 0) }
        }
    }
}

/// `await`: says ready, waits for an order and carries it out.
///
/// A machine is saved while it waits. So whatever is the same in all that are restored from it has been done, and what
/// differs comes from outside: a restored machine has no command line of its own.
func awaitOrder(_ session: inout Session) -> Int32 {
    cguest_make_raw(0)
    session.ready()
    do throws(Failure) {
        let order = try Order()
        session.begin()
        return runWorkload(order.workload, order.arguments, &session, mayAwait: false)
    } catch {
        complain(error)
        return Status.usage
    }
}
