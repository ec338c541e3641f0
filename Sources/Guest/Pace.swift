import CGuest

// The part of somebody's neighbour: it works or it waits, and shows that it lives.

/// `pace ROUNDS`: says ready, then does so many rounds of `compute integer` and sends `output N`, N counted from 1, for
/// ever. How far apart they arrive is the neighbour's speed, by the host's clock.
func pace(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let rounds = arguments.number(0, limit: 1_000), rounds > 0, arguments.count == 1 else {
        return refuse("lab-guest: pace needs 1 to 1000 rounds\n")
    }
    var work = IntegerWork(Setting(machine: session.machine, directory: nil))
    var digest = Digest()
    session.ready()
    session.finish()
    var done: UInt64 = 0
    while true {
        for _ in 0..<rounds { work.round(done, &digest) }
        done += 1
        session.channel.send("output", number: done)
    }
}

/// `pulse NONCE MILLISECONDS`: says ready, sends the nonce back, and again after each so many milliseconds: idle in
/// between, and still alive.
func pulse(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let nonce = arguments[0], let milliseconds = arguments.number(1, limit: 60_000), milliseconds > 0,
        arguments.count == 2
    else { return refuse("lab-guest: pulse needs a nonce and 1 to 60000 milliseconds\n") }
    session.ready()
    session.channel.send("output", text: nonce)
    session.finish()
    while true {
        sleep(milliseconds: milliseconds)
        session.channel.send("output", text: nonce)
    }
}

func sleep(milliseconds: UInt) { cguest_sleep(UInt64(milliseconds) * 1_000_000) }
