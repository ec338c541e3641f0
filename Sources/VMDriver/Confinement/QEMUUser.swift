import Glibc
import LabCore

/// Who a QEMU is that root starts: never root, whichever way it is started. A guest that breaks into its QEMU is then
/// this user, with no capability and under QEMU's own seccomp filter.
struct QEMUUser: Equatable, Sendable {
    /// The account's name; nil for a number that no account has.
    let name: String?
    let uid: uid_t
    let gid: gid_t
    /// The groups that libvirt gives it, and so do we: the group above, and those that list the account as a member.
    let groups: [gid_t]

    /// Accounts that distributions make for QEMU, and lab's own installation where there is none.
    private static let accounts = ["libvirt-qemu", "qemu"]
    /// The filter that QEMU puts itself under, as libvirt asks for it: no start of a program, no way to privileges, no
    /// hold on resources, no obsolete calls. See qemu(1).
    static let sandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"

    /// The user of a QEMU that this process starts; nil where that is who runs lab, who isn't root and has no more to
    /// give up.
    ///
    /// - Parameter device: of the hypervisor, whose group it needs where that alone may open it.
    static func current(opening device: String? = nil) -> QEMUUser? {
        guard geteuid() == 0 else { return nil }
        guard let account else {
            return QEMUUser(nil, Credentials.unusedID, group(of: device) ?? Credentials.unusedID)
        }
        return QEMUUser(account.name, account.uid, group(of: device) ?? account.gid)
    }

    private init(_ name: String?, _ uid: uid_t, _ gid: gid_t) {
        self.name = name
        self.uid = uid
        self.gid = gid
        var list = [gid_t](repeating: 0, count: 64)
        var count = Int32(list.count)
        if let name, getgrouplist(name, gid, &list, &count) >= 0 {
            groups = Array(list.prefix(Int(count)))
        } else {
            groups = [gid]
        }
    }

    private static let account: (name: String, uid: uid_t, gid: gid_t)? = {
        for name in accounts {
            guard let entry = getpwnam(name)?.pointee, entry.pw_uid != 0, entry.pw_gid != 0 else { continue }
            return (name, entry.pw_uid, entry.pw_gid)
        }
        return nil
    }()

    /// The device's group, where its members may read and write it and others may not; never root's.
    private static func group(of device: String?) -> gid_t? {
        var status = stat()
        guard let device, stat(device, &status) == 0, status.st_mode & 0o066 == 0o060, status.st_gid != 0
        else {
            return nil
        }
        return status.st_gid
    }

    static func title(of user: QEMUUser?) -> Message { user?.title ?? "the user of lab" }

    static let footnote: Message =
        "QEMU has no capability, no new privileges and its own seccomp filter. A libvirt daemon would add a label of SELinux "
        + "or AppArmor for each VM (sVirt), a cgroup and a /dev of its own: two VMs of lab are one user to each other."

    /// The name in the report.
    var title: Message { name.map { "\($0) (uid \(uid))" } ?? "uid \(uid), which no account has" }

    /// The ids by which the kernel knows it.
    var credentials: Credentials { Credentials(uid: uid, gid: gid, groups: groups, capabilities: 0) }
}
