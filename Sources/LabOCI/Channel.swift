import CLinux
import Glibc
import LabCore

/// What runtime and first process tell each other while a container is made: a letter and a text, whole or not at all.
struct Channel {
    let descriptor: Int32

    enum Word: UInt8 {
        /// To the child: its ids are mapped, or the hooks of the runtime have run; then with its pid on the host.
        case go = 0x67
        /// To the runtime: the namespaces and mounts are there, the hooks of that stage may run.
        case made = 0x6d
        /// To the runtime: a descriptor follows, by which the filter's questions are answered.
        case listens = 0x6c
        /// To the runtime: nothing is left but to execute.
        case ready = 0x72
        /// To the runtime: what went wrong.
        case failed = 0x65
    }

    static func pair() throws -> (ours: Channel, childs: Channel) {
        var ends: [Int32] = [-1, -1]
        try Kernel.check { clinux_socketpair(&ends) }
        return (Channel(descriptor: ends[0]), Channel(descriptor: ends[1]))
    }

    func say(_ word: Word, _ text: String = "") {
        let bytes = [word.rawValue] + Array(text.utf8.prefix(8_000))
        // Who is gone is noticed where an answer is waited for.
        _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// nil when the other is gone.
    func hear() -> (word: Word, text: String)? {
        var bytes = [UInt8](repeating: 0, count: 8_192)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            // Who ends without having heard all is told of first (unix(7), SOCK_SEQPACKET): what it said is read after that.
            if count < 0, errno == EINTR || errno == ECONNRESET { continue }
            guard count > 0, let word = Word(rawValue: bytes[0]) else { return nil }
            return (word, String(decoding: bytes[1..<count], as: UTF8.self))
        }
    }

    func end() { close(descriptor) }
}
