import Glibc
import LabCore

/// Takes apart what lab-guest says of a command through its port, in whatever pieces the bytes come. CommandPort.swift of
/// lab-guest says what a frame is.
///
/// Hostile input is normal: the command may be root in its VM, and the port is its to write to. Any byte that is none of a
/// frame's is the `violation`, and nothing after it counts.
struct CommandFrames {
    enum Event {
        /// A piece of a stream, valid during the call.
        case output(CommandOutput.Stream, UnsafeRawBufferPointer)
        /// The command listens on its port, or the one beside it has said that it is ready.
        case ready
        /// It has ended with this status, 128 + N for signal N.
        case ended(Int32)
        /// It could not be started.
        case failed(Step, Errno)
    }

    /// A step of its start in the guest.
    enum Step: UInt8 {
        case directory = 1
        case user, execute
    }

    /// The most bytes of one frame.
    static let longest = 32_768
    private static let headerLength = 5

    private var header: [UInt8] = []
    private var left = 0
    /// What came of a frame that is no output.
    private var content: [UInt8] = []
    /// The first breach of the protocol, nil while there is none.
    private(set) var violation: Message?

    mutating func receive(_ bytes: UnsafeRawBufferPointer, _ happened: (Event) -> Void) {
        var rest = bytes
        while !rest.isEmpty, violation == nil {
            if header.count < Self.headerLength {
                header.append(rest[0])
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
                if header.count == Self.headerLength { begin(happened) }
                continue
            }
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(left))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
            left -= piece.count
            if let stream = Self.stream(header[0]) {
                happened(.output(stream, piece))
            } else {
                content += piece
            }
            if left == 0 { end(happened) }
        }
    }

    private static func stream(_ kind: UInt8) -> CommandOutput.Stream? {
        switch kind {
        case UInt8(ascii: "o"): .output
        case UInt8(ascii: "e"): .errors
        default: nil
        }
    }

    /// The header is whole.
    private mutating func begin(_ happened: (Event) -> Void) {
        let length = header[1...].reversed().reduce(0) { $0 << 8 | Int($1) }
        let lengths: ClosedRange<Int> =
            switch header[0] {
            case UInt8(ascii: "o"), UInt8(ascii: "e"): 1...Self.longest
            case UInt8(ascii: "r"): 0...0
            case UInt8(ascii: "x"): 1...1
            case UInt8(ascii: "f"): 2...2
            default: -1 ... -1
            }
        guard lengths.contains(length) else {
            violation = "the guest sent what is no frame: \(GuestTranscript.excerpt(header))"
            return
        }
        left = length
        content = []
        if left == 0 { end(happened) }
    }

    /// The content is whole.
    private mutating func end(_ happened: (Event) -> Void) {
        switch header[0] {
        case UInt8(ascii: "r"): happened(.ready)
        case UInt8(ascii: "x"): happened(.ended(Int32(content[0])))
        case UInt8(ascii: "f"):
            guard let step = Step(rawValue: content[0]) else {
                violation = "the guest sent what is no frame: \(GuestTranscript.excerpt(header + content))"
                return
            }
            happened(.failed(step, Errno(Int32(content[1]))))
        default: break
        }
        header = []
    }
}
