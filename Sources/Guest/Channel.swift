import CGuest

/// The destination of records: a descriptor (a pipe, a terminal) or an x86 I/O port (QEMU's isa-debugcon).
///
/// On a console, where the kernel prints too, each record begins with RS (U+001E), by which the host knows it: RFC 7464.
struct Channel {
    private enum Way {
        case descriptor(Int32)
        case port(UInt16)
        case nowhere
    }
    private let way: Way
    /// The number of bytes before each record.
    private let lead: Int
    /// Holds one record while it is put together: the longest that the host takes.
    private let buffer: UnsafeMutablePointer<UInt8>
    private static let capacity = 4_097
    private static let recordSeparator: UInt8 = 0x1e

    /// Opens `fd:N`, `port:0xHHH`, `path:PATH`, `console:PATH` or `none`; nil when that fails or is none of these.
    init?(opening name: Text) {
        let console = suffix(of: name, after: "console:")
        if let digits = suffix(of: name, after: "fd:") {
            guard let number = parseNumber(digits, base: 10, limit: 1 << 20) else { return nil }
            way = .descriptor(Int32(number))
        } else if let digits = suffix(of: name, after: "port:0x") {
            guard let number = parseNumber(digits, base: 16, limit: 0xffff), ioperm(number, 1, 1) == 0 else {
                return nil
            }
            way = .port(UInt16(number))
        } else if let path = console ?? suffix(of: name, after: "path:") {
            let descriptor = cguest_open_channel(path)
            guard descriptor >= 0 else { return nil }
            way = .descriptor(descriptor)
        } else if strcmp(name, "none") == 0 {
            way = .nowhere
        } else {
            return nil
        }
        lead = console == nil ? 0 : 1
        buffer = .allocate(capacity: Channel.capacity + lead)
        buffer[0] = Channel.recordSeparator
    }

    /// Sends `name LF`.
    func send(_ name: StaticString) {
        var end = append(name, at: lead)
        finish(&end)
    }

    /// Sends `name SP text LF`; text past the longest record is cut, which the host sees as another nonce.
    func send(_ name: StaticString, text: Text) {
        var end = append(name, at: lead)
        buffer[end] = 0x20
        end += 1
        var next = text
        while next[0] != 0 && end < Channel.capacity + lead - 1 {
            buffer[end] = UInt8(bitPattern: next[0])
            end += 1
            next += 1
        }
        finish(&end)
    }

    /// Sends `name SP number LF`.
    func send(_ name: StaticString, number: UInt64) {
        var end = append(name, at: lead)
        buffer[end] = 0x20
        end += 1
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            buffer[end] = UInt8(truncatingIfNeeded: number / divisor % 10) + 0x30
            end += 1
            divisor /= 10
        }
        finish(&end)
    }

    /// Sends `name SP 16 hexadecimal digits LF`.
    func send(_ name: StaticString, hexadecimal number: UInt64) {
        var end = append(name, at: lead)
        buffer[end] = 0x20
        end += 1
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
            buffer[end] = digit < 10 ? 0x30 + digit : 0x61 - 10 + digit
            end += 1
        }
        finish(&end)
    }

    /// Waits until what was sent has left, where the way holds bytes back: tcdrain(3).
    func drain() {
        if case .descriptor(let number) = way { _ = tcdrain(number) }
    }

    /// Sends bytes as they are: one write(2), more only where the kernel takes less at once, or a run of `outb`.
    func sendRaw(_ bytes: UnsafePointer<UInt8>, count: Int) {
        switch way {
        case .nowhere: break
        case .port(let port):
            for index in 0..<count { cguest_outb(bytes[index], port) }
        case .descriptor(let number):
            var sent = 0
            while sent < count {
                let written = write(number, bytes + sent, count - sent)
                if written > 0 {
                    sent += written
                } else if cguest_errno() != EINTR {
                    return
                }
            }
        }
    }

    private func append(_ text: StaticString, at start: Int) -> Int {
        memcpy(buffer + start, text.utf8Start, text.utf8CodeUnitCount)
        return start + text.utf8CodeUnitCount
    }

    private func finish(_ end: inout Int) {
        buffer[end] = 0x0a
        sendRaw(buffer, count: end + 1)
    }
}
