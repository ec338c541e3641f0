import CGuest

// Work that is one thing over and over, so that the host learns what that thing costs. What such work consists of is
// known to the program itself, and told in `counts`.

/// `yardstick-float`: turns a point about the origin by a constant angle: four products and two sums in double precision.
struct FloatYardstick: FixedWork {
    private static let steps = 100_000
    private static let operationsPerStep = 6

    private var x = 1.0
    private var y = 0.0

    init(_ setting: Setting) {}

    mutating func round(_ number: UInt64, _ digest: inout Digest) {
        // Cosine and sine of an angle of no meaning, from 3, 4 and 5: their squares add up to 1.
        let (cosine, sine) = (0.6, 0.8)
        for _ in 0..<Self.steps { (x, y) = (cosine * x - sine * y, sine * x + cosine * y) }
        digest.absorb(x.bitPattern)
        digest.absorb(y.bitPattern)
    }

    func counts(_ rounds: UInt64) -> WorkCounts {
        WorkCounts(operations: rounds * UInt64(Self.steps * Self.operationsPerStep))
    }
}

/// `yardstick-entry`: three calls in turn that the kernel answers almost at once: getuid(2), getppid(2), and one that does
/// not exist. Each answer has to be that of the call before of its kind.
struct EntryYardstick: FixedWork {
    private static let turns = 3_333
    private static let callsPerTurn = 3

    private let user = cguest_user()
    private let parent = cguest_parent()

    init(_ setting: Setting) {}

    mutating func round(_ number: UInt64, _ digest: inout Digest) throws(Failure) {
        var right: UInt64 = 0
        for _ in 0..<Self.turns {
            right &+= cguest_user() == user ? 1 : 0
            right &+= cguest_parent() == parent ? 1 : 0
            right &+= cguest_no_call() == -1 ? 1 : 0
        }
        digest.absorb(right)
    }

    func counts(_ rounds: UInt64) -> WorkCounts {
        WorkCounts(entries: rounds * UInt64(Self.turns * Self.callsPerTurn))
    }
}

/// `yardstick-switch`: hands a word to a partner on the same processor and back, through memory that both share and a
/// futex(2) on which who is not at work sleeps.
struct SwitchYardstick: FixedWork {
    private static let exchanges = 200

    private let turn: Turn
    private let partner: pid_t
    private var word: UInt64 = 0
    private var calls: UInt64 = 0

    init(_ setting: Setting) throws(Failure) {
        guard let page = cguest_map_shared() else { throw Failure("cannot map memory to share") }
        turn = Turn(page)
        partner = cguest_fork()
        if partner == 0 {
            cguest_die_with_parent()
            turn.answer()
        }
        guard partner > 0 else { throw Failure("cannot fork") }
    }

    mutating func round(_ number: UInt64, _ digest: inout Digest) {
        for _ in 0..<Self.exchanges {
            turn.word.pointee = word
            calls += turn.pass(to: .partner)
            word = turn.word.pointee &+ 1
        }
        digest.absorb(word)
    }

    func finish() throws(Failure) {
        turn.end()
        guard cguest_wait(partner) == 0 else { throw Failure("the partner did not end well", code: 0) }
    }

    func counts(_ rounds: UInt64) -> WorkCounts { WorkCounts(entries: calls + turn.calls.pointee) }
}

/// The page that two processes share: whose turn it is, and the word.
private struct Turn {
    enum Side: UInt32 { case first = 0, partner, nobody }

    /// Whose turn it is.
    private let side: UnsafeMutablePointer<UInt32>
    let word: UnsafeMutablePointer<UInt64>
    /// The number of times that the partner has called the kernel.
    let calls: UnsafeMutablePointer<UInt64>

    init(_ page: UnsafeMutableRawPointer) {
        side = page.assumingMemoryBound(to: UInt32.self)
        word = (page + 64).assumingMemoryBound(to: UInt64.self)
        calls = (page + 128).assumingMemoryBound(to: UInt64.self)
    }

    /// Gives the turn away and waits until it comes back; returns how often the kernel was called for that.
    func pass(to other: Side) -> UInt64 {
        UInt64(cguest_pass(side, other.rawValue))
    }

    func end() { cguest_give(side, Side.nobody.rawValue) }

    /// Does the partner's part: mixes the word whenever it is its turn, until it is nobody's.
    func answer() -> Never {
        calls.pointee = UInt64(cguest_await(side, Side.first.rawValue))
        while cguest_turn(side) == Side.partner.rawValue {
            word.pointee = mix(word.pointee)
            calls.pointee += pass(to: .first)
        }
        _exit(0)
    }
}
