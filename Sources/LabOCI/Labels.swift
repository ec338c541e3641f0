import CLinux
import Glibc
import LabCore
import OCI

/// What AppArmor and SELinux are told of the program that is executed next.
enum Labels {
    static let hasAppArmor = Files.line("/sys/module/apparmor/parameters/enabled") == "Y"
    static let hasSELinux = Files.exists("/sys/fs/selinux/enforce")

    static func check(_ process: RuntimeSpec.Process) throws {
        if let profile = process.apparmorProfile, !profile.isEmpty {
            guard hasAppArmor else {
                throw Failure(
                    "apparmor profile \(ForeignText.line(profile, most: 100)) is specified in config, but AppArmor is disabled or not supported"
                )
            }
            guard !profile.utf8.contains(0) else { throw Failure("apparmor profile with a zero byte in it") }
        }
        if let label = process.selinuxLabel, !label.isEmpty {
            guard hasSELinux else {
                throw Failure(
                    "selinux label is specified in config, but SELinux is disabled or not supported")
            }
            guard !label.utf8.contains(0) else { throw Failure("selinux label with a zero byte in it") }
        }
    }

    /// Called while this process sees the host's /proc: what an image has in its place would take the label for nothing
    /// (CVE-2019-16884, CVE-2025-52881).
    static func apply(_ process: RuntimeSpec.Process) throws {
        if let profile = process.apparmorProfile, !profile.isEmpty {
            let own = "/proc/self/attr/apparmor/exec"
            try write("exec \(profile)", to: Files.exists(own) ? own : "/proc/self/attr/exec", "apparmor")
        }
        if let label = process.selinuxLabel, !label.isEmpty {
            try write(label, to: "/proc/self/attr/exec", "selinux")
        }
    }

    private static func write(_ text: String, to path: String, _ module: String) throws {
        do {
            let file = try FileDescriptor.open(path, O_WRONLY)
            guard clinux_type_of(file.rawValue) == Kernel.procMagic else { throw Errno(ENOENT) }
            try file.writeAll(Array(text.utf8))
        } catch { throw Failure("unable to apply \(module) label: write \(path): \(error.words)") }
    }
}
