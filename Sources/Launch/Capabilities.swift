/// A set of Linux capabilities, see capabilities(7). Bit N is capability number N.
package struct Capabilities: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static let chown = Capabilities(rawValue: 1 << 0)
    package static let dacOverride = Capabilities(rawValue: 1 << 1)
    package static let fowner = Capabilities(rawValue: 1 << 3)
    package static let fsetid = Capabilities(rawValue: 1 << 4)
    package static let kill = Capabilities(rawValue: 1 << 5)
    package static let setgid = Capabilities(rawValue: 1 << 6)
    package static let setuid = Capabilities(rawValue: 1 << 7)
    package static let setpcap = Capabilities(rawValue: 1 << 8)
    package static let netBindService = Capabilities(rawValue: 1 << 10)
    package static let netRaw = Capabilities(rawValue: 1 << 13)
    package static let sysChroot = Capabilities(rawValue: 1 << 18)
    package static let mknod = Capabilities(rawValue: 1 << 27)
    package static let auditWrite = Capabilities(rawValue: 1 << 29)
    package static let setfcap = Capabilities(rawValue: 1 << 31)

    /// The capabilities that an engine like docker leaves to the root of a container by default: 14 of them.
    package static let containerDefault: Capabilities = [
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

    /// nil for a name that none of these has.
    package init?(named name: String) {
        guard let found = Self.names.first(where: { $0.1 == name }) else { return nil }
        self = found.0
    }

    /// The names of the set.
    package var names: [String] { Self.names.filter { contains($0.0) }.map(\.1) }

    /// The names of the set, joined by `|`.
    package var text: String { names.isEmpty ? "0" : names.joined(separator: "|") }
}
