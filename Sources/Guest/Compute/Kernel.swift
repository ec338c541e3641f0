import CGuest

/// `syscall`: umask(2), among the least that a kernel does, and never answered outside it. It returns what the call
/// before set, so that a call that was not made shows.
struct SyscallWork: FixedWork {
    private static let calls = 10_000

    private var mask: UInt32 = 0

    init(_ setting: Setting) { _ = cguest_umask(0) }

    mutating func round(_ number: UInt64, _ digest: inout Digest) {
        var sum: UInt64 = 0
        for _ in 0..<Self.calls {
            mask = (mask &* 5 &+ 3) & 0o777
            sum = sum &* 31 &+ UInt64(cguest_umask(mask))
        }
        digest.absorb(sum)
    }

    func counts(_ rounds: UInt64) -> WorkCounts { WorkCounts(entries: rounds * UInt64(Self.calls)) }
}

/// `context-switch`: sends a word through a pipe to a partner on the same processor, who sends back what it makes of it
/// through another.
struct SwitchWork: FixedWork {
    private static let exchanges = 200
    /// A write and a read on either side.
    private static let callsPerExchange = 4

    private let partner: pid_t
    private let input: Int32
    private let output: Int32
    private var word: UInt64 = 0

    init(_ setting: Setting) throws(Failure) {
        let there = try Self.openPipe()
        let back = try Self.openPipe()
        partner = cguest_fork()
        if partner == 0 {
            // Whoever kills the guest closes its ends, and the partner ends too.
            close(there.write)
            close(back.read)
            Self.answer(from: there.read, to: back.write)
        }
        guard partner > 0 else { throw Failure("cannot fork") }
        close(there.read)
        close(back.write)
        input = back.read
        output = there.write
    }

    mutating func round(_ number: UInt64, _ digest: inout Digest) throws(Failure) {
        for _ in 0..<Self.exchanges {
            guard write(output, &word, 8) == 8, read(input, &word, 8) == 8 else {
                throw Failure("the partner does not answer")
            }
            word &+= 1
        }
        digest.absorb(word)
    }

    func finish() throws(Failure) {
        close(output)
        guard cguest_wait(partner) == 0 else { throw Failure("the partner did not end well", code: 0) }
    }

    func counts(_ rounds: UInt64) -> WorkCounts {
        WorkCounts(entries: rounds * UInt64(Self.exchanges * Self.callsPerExchange))
    }

    private static func answer(from input: Int32, to output: Int32) -> Never {
        var word: UInt64 = 0
        while read(input, &word, 8) == 8 {
            word = mix(word)
            if write(output, &word, 8) != 8 { break }
        }
        _exit(0)
    }

    private static func openPipe() throws(Failure) -> (read: Int32, write: Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) {
            pipe($0.baseAddress?.assumingMemoryBound(to: Int32.self))
        }
        guard result == 0 else { throw Failure("cannot make a pipe") }
        return (ends.0, ends.1)
    }
}

/// `fork-exec`: starts this very program again, which ends with a status that it is given, and waits for it.
struct ForkWork: FixedWork {
    private static let starts = 2

    private let path: Text
    private var started: UInt64 = 0

    init(_ setting: Setting) throws(Failure) {
        // The path that the kernel was told to execute, getauxval(3): unlike /proc/self/exe it needs no /proc, which a
        // machine does not have.
        guard let path = UnsafePointer<CChar>(bitPattern: UInt(getauxval(UInt(AT_EXECFN)))),
            access(path, X_OK) == 0
        else { throw Failure("cannot find its own program") }
        self.path = path
    }

    mutating func round(_ number: UInt64, _ digest: inout Digest) throws(Failure) {
        for _ in 0..<Self.starts {
            // Below 64, so that it is told from the 127 of a failed execve.
            let status = Int32(truncatingIfNeeded: mix(started)) & 63
            let child = cguest_fork()
            if child == 0 { cguest_exec_exit(path, status) }
            guard child > 0 else { throw Failure("cannot fork") }
            let ended = cguest_wait(child)
            guard ended == status else { throw Failure("a child did not end as it was told to", code: 0) }
            digest.absorb(UInt64(ended))
            started += 1
        }
    }
}
