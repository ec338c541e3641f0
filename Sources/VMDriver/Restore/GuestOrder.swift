import Glibc
import LabCore

/// The work of a restored guest, as a line on its console: it has no command line of its own. Order.swift of
/// lab-guest reads it.
struct GuestOrder: Equatable, Sendable {
    /// Bytes before the LF: no more than a kernel's command line could say.
    static let longest = 2_047
    /// The workload's name counted.
    static let mostWords = 32

    /// The words, joined with tabs, and LF.
    let line: [UInt8]

    /// - Throws: `.usage` for what such a line can't say.
    init(_ workload: Workload) throws(LabError) {
        let words = [workload.name] + workload.arguments
        guard words.allSatisfy({ $0.utf8.allSatisfy { $0 > 0x1f && $0 != 0x7f } }) else {
            throw LabError(
                .usage, "a workload's argument can't be passed to a VM",
                cause: "the order to a restored guest holds no control character")
        }
        line = Array(words.joined(separator: "\t").utf8) + [0x0a]
        guard line.count - 1 <= Self.longest, words.count <= Self.mostWords else {
            throw LabError(
                .usage, "the workload \(workload.name) has more arguments than a restored guest can be told",
                cause: "at most \(Self.longest) bytes and \(Self.mostWords) words")
        }
    }

    /// Sends it to a guest that runs. A line that came before would be lost: the state of the serial port, with what it
    /// has received, is part of what is restored.
    /// - Parameter path: the FIFO that QEMU reads the console from.
    func send(to path: String) throws(LabError) {
        do throws(Errno) {
            // For both ways: so there is a reader, also when QEMU has just died, and no signal for want of one.
            let console = try FileDescriptor.open(path, O_RDWR | O_NONBLOCK)
            try console.writeAll(line)
        } catch {
            throw LabError(.output, "cannot tell a restored guest what to do", cause: error)
        }
    }
}
