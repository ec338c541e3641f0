import LabCore

/// One instruction of classic BPF: `struct sock_filter` of linux/filter.h.
struct BPFInstruction: Equatable, Sendable {
    var code: UInt16
    /// The number of instructions that a jump passes over, when its condition holds and when not.
    var ifTrue: UInt8 = 0
    var ifFalse: UInt8 = 0
    var operand: UInt32
}

/// Writes a seccomp filter from its end to its beginning: BPF jumps only forward, so that what an instruction may
/// jump to has always been written before.
struct BPFAssembler {
    /// A place in the program, counted from its end.
    typealias Label = Int

    enum Condition: UInt16 {
        case equal = 0x15  // BPF_JMP | BPF_JEQ | BPF_K
        case atLeast = 0x35  // BPF_JMP | BPF_JGE | BPF_K
    }

    private var reversed: [BPFInstruction] = []
    private var ends: [(action: UInt32, label: Label)] = []
    private var reach = 0

    private mutating func write(_ instruction: BPFInstruction) -> Label {
        reversed.append(instruction)
        return reversed.count - 1
    }

    /// The jump over all that was written since `label`.
    private mutating func distance(to label: Label) -> UInt8 {
        let distance = reversed.count - 1 - label
        reach = max(reach, distance)
        return UInt8(clamping: distance)
    }

    /// Ends the filter with `action`, one of SECCOMP_RET_*; each action is written once.
    mutating func end(_ action: UInt32) -> Label {
        if let known = ends.first(where: { $0.action == action }) { return known.label }
        let label = write(BPFInstruction(code: 0x06, operand: action))  // BPF_RET | BPF_K
        ends.append((action, label))
        return label
    }

    /// Compares what was loaded last.
    mutating func branch(_ condition: Condition, _ value: UInt32, yes: Label, no: Label) -> Label {
        write(
            BPFInstruction(
                code: condition.rawValue, ifTrue: distance(to: yes), ifFalse: distance(to: no), operand: value
            ))
    }

    /// Loads 32 bits of `struct seccomp_data`. What follows must be what was written last.
    mutating func load(offset: UInt32, then next: Label) -> Label {
        precondition(next == reversed.count - 1, "a load goes on to the instruction behind it")
        return write(BPFInstruction(code: 0x20, operand: offset))  // BPF_LD | BPF_W | BPF_ABS
    }

    /// Finds the range that the loaded number lies in, with as few comparisons as a binary search takes.
    mutating func search(_ ranges: ArraySlice<(first: UInt32, destination: Label)>) -> Label {
        guard ranges.count > 1 else { return ranges[ranges.startIndex].destination }
        let middle = ranges.startIndex + ranges.count / 2
        let upper = search(ranges[middle...])
        let lower = search(ranges[..<middle])
        return branch(.atLeast, ranges[middle].first, yes: upper, no: lower)
    }

    /// Tests one argument of the system call, in two halves of 32 bits, of which that may be passed over which the kernel
    /// does not look at.
    mutating func test(_ comparison: SeccompProfile.Comparison, holds: Label, fails: Label) -> Label {
        let (equal, unequal) = comparison.isInequality ? (fails, holds) : (holds, fails)
        let offset = 16 + 8 * comparison.argument
        var next = equal
        for (half, shift) in [(offset, UInt64(0)), (offset + 4, 32)] {
            let mask = UInt32(truncatingIfNeeded: comparison.mask >> shift)
            let value = UInt32(truncatingIfNeeded: comparison.value >> shift)
            if mask == 0 { continue }
            next = branch(.equal, value, yes: next, no: unequal)
            // BPF_ALU | BPF_AND | BPF_K
            if mask != .max { next = write(BPFInstruction(code: 0x54, operand: mask)) }
            next = load(offset: half, then: next)
        }
        return next
    }

    /// The program that begins at `label`, which must be what was written last.
    /// - Throws: `.software` when a jump would go further than BPF can.
    func program(from label: Label) throws(LabError) -> [BPFInstruction] {
        precondition(label == reversed.count - 1, "a program begins with what was written last")
        guard reach <= UInt8.max else {
            throw LabError(
                .software, "the seccomp profile is too large", cause: "a jump over \(reach) instructions")
        }
        return reversed.reversed()
    }
}
