import CGuest

/// True when somebody listens on a TCP port in this machine: /proc/net/tcp and tcp6, proc_pid_net(5).
func isListening(on port: UInt16) -> Bool {
    isListening(on: port, in: "/proc/net/tcp") || isListening(on: port, in: "/proc/net/tcp6")
}

/// `sl local_address rem_address st`: an address ends with its port, in hexadecimal digits; 0A is TCP_LISTEN.
private func isListening(on port: UInt16, in table: Text) -> Bool {
    let file = cguest_open(table)
    guard file >= 0 else { return false }
    defer { close(file) }
    let capacity = 4_096
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    defer { buffer.deallocate() }
    var field = 0
    var isInField = false
    /// The digits of the field so far, since its last colon.
    var value: UInt32 = 0
    var local: UInt32 = 0
    while true {
        let count = CGuest.read(file, buffer, capacity)
        guard count > 0 else { return false }
        for index in 0..<count {
            let byte = buffer[index]
            switch byte {
            case 0x20, 0x0a:
                if isInField {
                    isInField = false
                    if field == 2 { local = value }
                    if field == 4 && value == 0x0a && local == UInt32(port) { return true }
                }
                if byte == 0x0a { field = 0 }
            default:
                if !isInField {
                    isInField = true
                    field += 1
                    value = 0
                }
                value = byte == 0x3a ? 0 : value << 4 | hexadecimal(byte)
            }
        }
    }
}

/// 0 for what is no digit: words of the table's heading.
private func hexadecimal(_ byte: UInt8) -> UInt32 {
    switch byte {
    case 0x30...0x39: UInt32(byte) - 0x30
    case 0x41...0x46: UInt32(byte) - 0x41 + 10
    default: 0
    }
}
