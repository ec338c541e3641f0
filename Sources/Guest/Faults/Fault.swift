import CGuest

// Faults: what a program does that goes wrong or means harm, as a neighbour sees it. Each has a limit of its own, so that
// it is no danger where nothing else holds it, and says as its output who stopped it: the name of the error, the signal,
// or `own-limit`. Its processes end with the first of them, and after a minute whatever happens.

/// A count that the first process of a fault and its children share.
struct SharedCount {
    private let words: UnsafeMutablePointer<UInt32>

    init() throws(Failure) {
        guard let words = cguest_map_shared() else { throw Failure("cannot map shared memory") }
        self.words = UnsafeMutablePointer(words)
    }

    /// The progress of the culprit.
    var count: UInt32 {
        get { words[0] }
        nonmutating set { words[0] = newValue }
    }

    /// The errno that stopped it, 0 while none did.
    var code: Int32 {
        get { Int32(bitPattern: words[1]) }
        nonmutating set { words[1] = UInt32(bitPattern: newValue) }
    }
}

/// A pipe of which one end says something by being closed.
struct Gate {
    let read: Int32
    let write: Int32

    init() throws(Failure) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) {
            pipe($0.baseAddress?.assumingMemoryBound(to: Int32.self))
        }
        guard result == 0 else { throw Failure("cannot make a pipe") }
        (read, write) = ends
    }

    /// Closes the end for writing: those who wait go on.
    func open() { close(write) }

    /// Waits for a byte (true) or for the last end for writing to be closed (false).
    func waits() -> Bool {
        var byte: UInt8 = 0
        while true {
            let count = CGuest.read(read, &byte, 1)
            if count >= 0 || cguest_errno() != EINTR { return count > 0 }
        }
    }

    /// Sends a byte.
    func signal() {
        var byte: UInt8 = 1
        _ = CGuest.write(write, &byte, 1)
    }
}

/// Sends what stopped a culprit: the name of an errno, or `own-limit` for 0.
func reportStop(_ code: Int32, on channel: Channel) {
    if code == 0 {
        channel.send("output", text: literal("own-limit"))
    } else if let name = cguest_error_name(code) {
        channel.send("output", text: name)
    } else {
        channel.send("output", text: literal("unknown"))
    }
}

/// Says what failed and ends the workload.
func giveUp(_ failure: Failure) -> Int32 {
    complain(failure)
    return Status.system
}
