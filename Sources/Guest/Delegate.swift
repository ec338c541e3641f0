import CGuest

/// delegate DIRECTORY USER: becomes the unprivileged USER and does with a cgroup v2 subtree that was given to it what
/// it may, and then what it may not, see cgroups(7), "Delegation". Each metric is an error number, 0 for success:
///
///     metric make     making DIRECTORY/own
///     metric move     moving itself there
///     metric raise    setting a limit on DIRECTORY itself, which is its giver's to set
///     metric leave    moving itself to what is above DIRECTORY
///
/// Then it sends USER back and waits to be killed.
func delegate(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let directory = arguments[0], let text = arguments[1],
        let user = arguments.number(1, limit: 1 << 31), user > 0
    else { return refuse("lab-guest: delegate needs a directory and a user's number\n") }
    guard cguest_become(UInt32(user), UInt32(user), nil, 0) == 0 else {
        complain(Failure("cannot become another user"))
        return Status.system
    }
    session.ready()
    let own = joined(directory, "/own")
    session.channel.send("metric make", number: outcome(mkdir(own, 0o755)))
    session.channel.send("metric move", number: writing("0", to: joined(own, "/cgroup.procs")))
    session.channel.send("metric raise", number: writing("1", to: joined(directory, "/cgroup.max.depth")))
    session.channel.send("metric leave", number: writing("0", to: joined(directory, "/../cgroup.procs")))
    session.channel.send("output", text: text)
    session.waitForever()
}

/// The error number of a call that has just been made, 0 when it did not fail.
private func outcome(_ result: Int32) -> UInt64 { result < 0 ? UInt64(cguest_errno()) : 0 }

private func writing(_ character: StaticString, to path: Text) -> UInt64 {
    let file = cguest_open_existing(path)
    guard file >= 0 else { return UInt64(cguest_errno()) }
    let code = write(file, character.utf8Start, 1) < 0 ? cguest_errno() : 0
    close(file)
    return UInt64(code)
}

/// Never freed: there are four.
private func joined(_ directory: Text, _ name: StaticString) -> Text {
    let length = strlen(directory)
    let path = UnsafeMutablePointer<CChar>.allocate(capacity: length + name.utf8CodeUnitCount + 1)
    strcpy(path, directory)
    strcpy(path + length, literal(name))
    return Text(path)
}
