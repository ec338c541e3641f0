// lab-guest: the one program that runs inside every engine, the same bytes everywhere.
//
//     lab-guest [--machine|--service] [--stay] [--channel=fd:N|port:0xHHH|path:PATH|console:PATH|none] [--modules=A,B] [--address=IPV4/LENGTH] WORKLOAD [ARGUMENT…]
//
// It speaks the records of GuestProtocol.swift. With --machine it is PID 1 of a virtual machine: it reports its
// exit status on the channel and brings the machine down, with --stay once the host ends it; it never returns, because
// the kernel would panic. With --service it is a service of a system that has an init: it reports its exit status, and the system's end is the init's.

import CGuest

/// The whole life of the program; returns its exit status, and from a machine never.
func runGuest() -> Int32 {
    cguest_claim_standard()
    let invocation = Invocation(cguest_argv(), count: Int(cguest_argc()))
    // The duties of a machine's PID 1 would mount over a host's files and reset the host.
    guard !invocation.isMachine || getpid() == 1 else {
        return refuse("lab-guest: --machine is for the first program of a virtual machine\n")
    }
    let machine = Machine(invocation.isMachine, stays: invocation.stays, address: invocation.address)
    machine.prepare(for: invocation.channel)
    guard let channel = Channel(opening: invocation.channel) else {
        complain("lab-guest: cannot open its channel\n")
        machine.end(status: Status.cannotOpen, on: nil)
        return Status.cannotOpen
    }
    if !invocation.isService { channel.send("init") }
    if let modules = invocation.modules {
        do throws(Failure) {
            try machine.load(modules)
        } catch {
            complain(error)
            machine.end(status: Status.system, on: channel)
            return Status.system
        }
    }
    var session = Session(channel: channel, machine: machine)
    let status = runWorkload(invocation, &session)
    session.finish()
    if invocation.isService {
        channel.send("exit", number: UInt64(UInt8(truncatingIfNeeded: status)))
        channel.drain()
    }
    machine.end(status: status, on: channel)
    return status
}

exit(runGuest())
