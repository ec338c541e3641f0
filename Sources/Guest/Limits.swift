import CGuest

// Workloads that a limit is meant to stop: each asks for more and more of one thing.

/// burn: says ready and computes for ever, on whichever processor it is given.
func burn(_ session: inout Session) -> Int32 {
    session.ready()
    while true {}
}

/// forks COUNT: starts children that do nothing, until there are COUNT or the kernel refuses one; then tells how many
/// there are and the error number of the refusal (0 for none), sends COUNT back, and stays with them.
func forks(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let text = arguments[0], let count = arguments.number(0, limit: 1 << 16) else {
        return refuse("lab-guest: forks needs a number of children\n")
    }
    session.ready()
    var made: UInt = 0
    var refusal: Int32 = 0
    while made < count && refusal == 0 {
        let pid = cguest_fork()
        if pid == 0 {
            cguest_die_with_parent()
            while true { pause() }
        }
        if pid < 0 { refusal = cguest_errno() } else { made += 1 }
    }
    session.channel.send("metric forks", number: UInt64(made))
    session.channel.send("metric refusal", number: UInt64(refusal))
    session.channel.send("output", text: text)
    session.waitForever()
}

/// disk FILE: writes over the first 16 MiB of a file for ever, past the page cache, 64 KiB at a time.
func disk(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let path = arguments[0] else { return refuse("lab-guest: disk needs a file\n") }
    let blocks = 256
    let file = cguest_open_direct(path)
    guard file >= 0 else {
        complain(Failure("cannot open its file past the page cache"))
        return Status.system
    }
    let block = UnsafeMutableRawPointer.allocate(byteCount: BlockFile.blockBytes, alignment: 4_096)
    memset(block, 0x5a, BlockFile.blockBytes)
    session.ready()
    var next = 0
    while pwrite(file, block, BlockFile.blockBytes, next * BlockFile.blockBytes) == BlockFile.blockBytes {
        next = (next + 1) % blocks
    }
    complain(Failure("cannot write its file past the page cache"))
    return Status.system
}
