/// An error in the words a user needs: what was being done and to what, why, and what helps.
public struct LabError: Error, Codable, Equatable, Sendable, CustomStringConvertible {
    /// The sort of failure this is; decides the exit code, which follows sysexits(3).
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// A word on the command line is wrong: an unknown lab, engine, option or unit.
        case usage
        /// A lab definition or a result file is malformed.
        case data
        /// A file that should be there can't be opened or read.
        case input
        /// This machine can't do it: no KVM, no libvirt, no kernel, a missing capability.
        case unavailable
        /// A bug of ours.
        case software
        /// Something could not be written or made.
        case output
        /// Standard input or output failed on the way: a full disk, a descriptor that was closed.
        case stream
        /// Nobody reads standard output any more, which is no mistake of anybody's.
        case unread
        /// The guest did not come up, died, or said what it must not.
        case instance
        /// A deadline passed.
        case timeout
        /// The kernel refused for want of privilege.
        case permission
        /// The user stopped it (SIGINT, SIGTERM).
        case interrupted
    }

    public var kind: Kind
    /// The action that failed and the thing it was done to, without a full stop.
    public var message: Message
    /// The cause as the kernel, libvirt or QEMU gave it.
    public var cause: Message?
    /// One thing the user can do about it.
    public var remedy: Message?
    /// A detail for code to decide by: words are for people only.
    public var detail: Detail?

    public enum Detail: Codable, Hashable, Sendable {
        /// The engine's program is not on this machine.
        case notInstalled
        /// execve(2) refused the program with this error number.
        case notExecuted(errno: Int32)
        /// The last line that QEMU or the guest's kernel wrote.
        case said(String)
        /// A limit of the harness or of the machine was met that nothing is to be measured of.
        case exhausted(Stop)
    }

    public init(
        _ kind: Kind, _ message: Message, cause: Message? = nil, remedy: Message? = nil, detail: Detail? = nil
    ) {
        self.kind = kind
        self.message = message
        self.cause = cause
        self.remedy = remedy
        self.detail = detail
    }

    /// The message with its cause, without the remedy: for a place that shows the remedy by itself.
    public var reason: Message { cause.map { "\(message): \($0)" } ?? message }

    public var description: String {
        reason.english + (remedy.map { "\n  remedy: \($0.english)" } ?? "")
    }

    /// The exit code of the program, as sysexits(3) numbers them; 1 for a run in which something failed.
    public var exitCode: Int32 {
        switch kind {
        case .usage: 64
        case .data: 65
        case .input: 66
        case .unavailable: 69
        case .software: 70
        case .output: 73
        case .stream: 74
        case .unread: 141
        case .instance, .timeout: 1
        case .permission: 77
        case .interrupted: 130
        }
    }
}
