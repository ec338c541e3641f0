/// The parts of a complete system, from which its tree is made: the same recipe gives the same tree as long as the
/// distribution has the same packages.
public struct SystemRecipe: Equatable, Sendable {
    /// The distribution's release, `bookworm`.
    public let suite: String
    /// SHA-256 of the `lab-guest` that answers from inside.
    public let guestDigest: String

    /// What every server of the distribution has running: an init with its journal and logins, devices, a message bus.
    package static let packages = ["systemd", "systemd-sysv", "udev", "dbus", "libpam-systemd"]

    /// The service that answers. It starts when the system is up, and its end is the system's: nobody waits for what a
    /// shutdown would still have to stop.
    package static let unit = """
        [Unit]
        Description=Answers the host that started this system
        After=multi-user.target
        SuccessAction=exit-force
        FailureAction=exit-force

        [Service]
        ExecStart=\(RootFilesystem.guestPath) --service --channel=${LAB_CHANNEL} hello ${LAB_NONCE}

        """
    package static let unitName = "lab-answer.service"

    /// The last time that a file of it may have, in seconds since 1970.
    package static let epoch = 1_700_000_000

    /// - Parameter release: the text of os-release(5).
    /// - Throws: `.unavailable` for a distribution that is not Debian.
    public init(release: String, guestDigest: String) throws(LabError) {
        guard let suite = OSRelease.debianSuite(release) else {
            throw LabError(
                .unavailable, "a complete system is made of Debian's packages, and this is not Debian",
                remedy: "leave the series out (--series), or run on Debian")
        }
        self.suite = suite
        self.guestDigest = guestDigest
    }

    /// All that decides what comes out.
    package var text: String {
        (["format=1", "suite=\(suite)", "guest=\(guestDigest)", "epoch=\(Self.epoch)"]
            + Self.packages.map { "package=\($0)" } + ["unit", Self.unit]).joined(separator: "\n")
    }

    /// The words by which a system is told where to answer, and what: the same on a kernel's command line as for the init of
    /// a container, systemd(1), "Kernel command line".
    /// - Throws: `.usage` for another workload than `hello`.
    public static func words(channel: String, _ workload: Workload) throws(LabError) -> [String] {
        guard workload.name == "hello", workload.arguments.count == 1, let nonce = workload.arguments.first,
            !nonce.isEmpty,
            nonce.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) })
        else {
            throw LabError(
                .usage, "a complete system answers a nonce, and can't be told to do \(workload.name)",
                remedy: "use the workload hello")
        }
        return ["systemd.setenv=LAB_CHANNEL=\(channel)", "systemd.setenv=LAB_NONCE=\(nonce)"]
    }
}
