import CGuest

/// `probe NAME[=PARAMETER]…`, where `all` stands for every probe of `Probe.all` and a later `NAME=PARAMETER` gives one of
/// those its parameter: tries each in a process of its own, so that one that is killed or hangs is an answer too. Says
///
///     output NAME RESULT DETAIL      RESULT is ok, the number of an errno, `signal N` or `timeout`
///
/// for each, then `output done`, and waits to be looked at. DETAIL is printable ASCII, other bytes as `\xNN`.
func probe(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    var runsAll = false
    for index in 0..<arguments.count {
        guard let word = arguments[index] else { continue }
        if strcmp(word, "all") == 0 {
            runsAll = true
        } else if Probe.named(word) == nil {
            return refuse("lab-guest: no such probe\n")
        }
    }
    session.machine.mountKernelFiles()
    try? session.machine.raiseLoopback()
    session.ready()
    if runsAll {
        for probe in Probe.all {
            ProbeRun(probe, parameter: parameter(of: probe, in: arguments)).report(on: session.channel)
        }
    } else {
        for index in 0..<arguments.count {
            guard let word = arguments[index], let probe = Probe.named(word) else { continue }
            let rest = word + probe.name.utf8CodeUnitCount
            ProbeRun(probe, parameter: rest[0] == 0 ? rest : rest + 1).report(on: session.channel)
        }
    }
    session.channel.send("output", text: literal("done"))
    session.waitForever()
}

/// Returns the text after `NAME=` among the arguments; empty where there is none.
private func parameter(of probe: Probe, in arguments: Arguments) -> Text {
    for index in 0..<arguments.count {
        guard let word = arguments[index], isNamed(word, probe.name) else { continue }
        let rest = word + probe.name.utf8CodeUnitCount
        return rest[0] == 0 ? rest : rest + 1
    }
    return literal("")
}

private struct ProbeRun {
    private enum Result {
        case ended(Int32)
        case signal(Int32)
        case timeout
    }
    /// Long enough for anything that will end, under emulation too.
    private static let limitMilliseconds: Int32 = 5_000

    private let name: StaticString
    private let result: Result
    private let detail: UnsafeMutablePointer<UInt8>
    private let detailLength: Int

    init(_ probe: Probe, parameter: Text) {
        name = probe.name
        detail = .allocate(capacity: Detail.capacity)
        var ends = (Int32(-1), Int32(-1))
        let made = withUnsafeMutablePointer(to: &ends) {
            $0.withMemoryRebound(to: Int32.self, capacity: 2) { pipe($0) }
        }
        let child = made == 0 ? cguest_fork() : -1
        guard child >= 0 else {
            result = .ended(cguest_errno())
            detailLength = 0
            return
        }
        if child == 0 {
            close(ends.0)
            ProbeRun.tryIt(probe, parameter, ends.1)
        }
        close(ends.1)
        (result, detailLength) = ProbeRun.watch(child, ends.0, detail)
        close(ends.0)
    }

    /// In the child: sends the errno and the detail. Never returns.
    private static func tryIt(_ probe: Probe, _ parameter: Text, _ output: Int32) -> Never {
        // PR_SET_PDEATHSIG: nothing of a probe outlives the workload.
        _ = cguest_call(Int(SYS_prctl), 1, Int(SIGKILL), 0, 0, 0)
        var detail = Detail()
        var code = probe.run(parameter, &detail)
        _ = write(output, &code, 4)
        _ = write(output, detail.bytes, detail.count)
        _exit(0)
    }

    /// Waits for what the child sends and for its end.
    private static func watch(
        _ child: pid_t, _ input: Int32, _ detail: UnsafeMutablePointer<UInt8>
    ) -> (Result, Int) {
        let capacity = Detail.capacity + 4
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        defer { buffer.deallocate() }
        var length = 0
        var isLate = false
        while length < capacity {
            var watched = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
            let ready = poll(&watched, 1, limitMilliseconds)
            if ready < 0 { continue }
            if ready == 0 {
                isLate = true
                kill(child, SIGKILL)
                break
            }
            let count = read(input, buffer + length, capacity - length)
            if count <= 0 { break }
            length += count
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && cguest_errno() == EINTR {}
        if isLate { return (.timeout, 0) }
        if status & 0x7f != 0 { return (.signal(status & 0x7f), 0) }
        guard length >= 4 else { return (.ended(EIO), 0) }
        var code: Int32 = 0
        memcpy(&code, buffer, 4)
        memcpy(detail, buffer + 4, length - 4)
        return (.ended(code), length - 4)
    }

    func report(on channel: Channel) {
        let capacity = 4 * Detail.capacity + 128
        let line = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        defer { line.deallocate() }
        var length = 0
        func append(_ text: StaticString) {
            memcpy(line + length, text.utf8Start, text.utf8CodeUnitCount)
            length += text.utf8CodeUnitCount
        }
        func append(number: Int32) {
            var digits = Detail()
            digits.append(number: UInt64(max(0, number)))
            memcpy(line + length, digits.bytes, digits.count)
            length += digits.count
        }
        append(name)
        append(" ")
        switch result {
        case .ended(0): append("ok")
        case .ended(let code): append(number: code)
        case .signal(let number):
            append("signal ")
            append(number: number)
        case .timeout: append("timeout")
        }
        append(" ")
        for index in 0..<detailLength {
            let byte = detail[index]
            if byte >= 0x20 && byte < 0x7f && byte != 0x5c {
                line[length] = byte
                length += 1
            } else {
                append("\\x")
                for digit in [byte >> 4, byte & 15] {
                    line[length] = digit < 10 ? 0x30 + digit : 0x61 - 10 + digit
                    length += 1
                }
            }
        }
        line[length] = 0
        line.withMemoryRebound(to: CChar.self, capacity: capacity) { channel.send("output", text: Text($0)) }
    }
}
