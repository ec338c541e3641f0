/// A set of Linux capabilities, see capabilities(7). Bit N is capability number N.
public struct Capabilities: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let chown = Capabilities(rawValue: 1 << 0)
    public static let dacOverride = Capabilities(rawValue: 1 << 1)
    public static let fowner = Capabilities(rawValue: 1 << 3)
    public static let fsetid = Capabilities(rawValue: 1 << 4)
    public static let kill = Capabilities(rawValue: 1 << 5)
    public static let setgid = Capabilities(rawValue: 1 << 6)
    public static let setuid = Capabilities(rawValue: 1 << 7)
    public static let setpcap = Capabilities(rawValue: 1 << 8)
    public static let netBindService = Capabilities(rawValue: 1 << 10)
    public static let netRaw = Capabilities(rawValue: 1 << 13)
    public static let sysChroot = Capabilities(rawValue: 1 << 18)
    public static let mknod = Capabilities(rawValue: 1 << 27)
    public static let auditWrite = Capabilities(rawValue: 1 << 29)
    public static let setfcap = Capabilities(rawValue: 1 << 31)

    /// What an engine like docker leaves to the root of a container by default: 14 capabilities.
    public static let containerDefault: Capabilities = [
        .chown, .dacOverride, .fowner, .fsetid, .kill, .setgid, .setuid, .setpcap, .netBindService, .netRaw,
        .sysChroot, .mknod, .auditWrite, .setfcap,
    ]

    private static let names: [(Capabilities, String)] = [
        (.chown, "CAP_CHOWN"), (.dacOverride, "CAP_DAC_OVERRIDE"), (.fowner, "CAP_FOWNER"),
        (.fsetid, "CAP_FSETID"), (.kill, "CAP_KILL"), (.setgid, "CAP_SETGID"), (.setuid, "CAP_SETUID"),
        (.setpcap, "CAP_SETPCAP"), (.netBindService, "CAP_NET_BIND_SERVICE"), (.netRaw, "CAP_NET_RAW"),
        (.sysChroot, "CAP_SYS_CHROOT"), (.mknod, "CAP_MKNOD"), (.auditWrite, "CAP_AUDIT_WRITE"),
        (.setfcap, "CAP_SETFCAP"),
    ]

    /// The names of the set.
    public var names: [String] { Self.names.filter { contains($0.0) }.map(\.1) }

    /// The names of the set, joined by `|`.
    public var text: String { names.isEmpty ? "0" : names.joined(separator: "|") }
}
