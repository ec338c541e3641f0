import CGuest

/// tide MIB: says ready and `output idle`, waits, writes to every page of so much memory, says `output touched`, waits,
/// unmaps it, says `output freed` and waits to be killed.
///
/// It hears nothing, so that it needs no way in: the host reads its accounts while this sleeps, and sees by the next
/// output when it was too late.
func tide(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let mebibytes = arguments.number(0, limit: 1 << 24) else {
        return refuse("lab-guest: tide needs a number of MiB\n")
    }
    session.ready()
    session.channel.send("output", text: literal("idle"))
    session.finish()
    pauseForReading()
    do throws(Failure) {
        let length = Int(mebibytes) << 20
        // In pages of the base size: whether the kernel gives out huge ones is not what is asked here.
        let memory = try mapPages(max(length, 1))
        fill(memory, length)
        session.channel.send("output", text: literal("touched"))
        pauseForReading()
        guard munmap(memory, max(length, 1)) == 0 else { throw Failure("cannot give memory back") }
    } catch {
        complain(error)
        return Status.system
    }
    session.channel.send("output", text: literal("freed"))
    session.waitForever()
}

/// As long as `GuestWorkload.tideInterval`.
private func pauseForReading() { cguest_sleep(1_000_000_000) }
