import CGuest

/// `settings`: shows and changes settings of its kernel, as each line on standard input asks: PATH, or PATH VALUE, whose value is
/// written first. Says for each
///
///     output ok VALUE       the first line of the file, as it is then
///     output no REASON
///
/// and ends with its input, which a machine's console never does.
func settings(_ session: inout Session) -> Int32 {
    cguest_make_raw(0)
    session.machine.mountKernelFiles()
    session.ready()
    let line = UnsafeMutablePointer<CChar>.allocate(capacity: longestSetting + 1)
    while let length = readSetting(into: line) {
        var start = 0
        while start < length, line[start] != 0x20 { start += 1 }
        line[start] = 0
        var detail = Detail()
        let path = Text(line)
        let written = start < length ? writes(path, path + start + 1) : 0
        let code = written != 0 ? written : firstLine(of: path, &detail)
        var reply = Detail()
        reply.append(literal(code == 0 ? "ok " : "no "))
        if code == 0 {
            for index in 0..<detail.count { reply.append(byte: detail.bytes[index]) }
        } else if let reason = cguest_error_text(code) {
            reply.append(reason)
        }
        reply.append(byte: 0)
        reply.bytes.withMemoryRebound(to: CChar.self, capacity: reply.count) {
            session.channel.send("output", text: Text($0))
        }
    }
    return 0
}

private let longestSetting = 255

/// Reads up to the next LF.
/// - Returns: the length of what came before it; nil at the end of the input, and for what is no such line.
private func readSetting(into line: UnsafeMutablePointer<CChar>) -> Int? {
    var length = 0
    while true {
        let count = CGuest.read(0, line + length, 1)
        if count < 0 && cguest_errno() == EINTR { continue }
        guard count == 1 else { return nil }
        if line[length] == 0x0a {
            line[length] = 0
            return length
        }
        length += 1
        guard length < longestSetting else { return nil }
    }
}
