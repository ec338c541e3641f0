import LabCore

/// This machine as a host of Xen's.
enum XenHost {
    /// True when this system is dom0: the one that controls the other domains. See xenfs, drivers/xen/xenfs in
    /// Linux.
    static var isControlDomain: Bool { Files.line("/proc/xen/capabilities")?.contains("control_d") ?? false }

    /// Proves that there is a Xen to connect to, where nobody named one.
    /// - Throws: `.unavailable` with how to name one.
    static func check() throws(LabError) {
        guard !isControlDomain else { return }
        throw LabError(
            .unavailable, "no connection to a Xen host was named, and this machine is none",
            remedy: remedy)
    }

    /// That a command of an image can't be started, whatever Xen there may be: nobody is to set one up for that.
    static func startsNoCommand(_ engine: EngineID) -> LabError {
        LabError(
            .unavailable, "\(engine) can't start a command of an image",
            cause:
                "its files need a disk and its output a port, and lab gives a paravirtual guest of Xen neither: both are virtio's",
            remedy: "name only engines that run on QEMU")
    }

    static let remedy: Message =
        "in a Xen host's dom0 --connect xen:///system, from elsewhere --connect xen+ssh://HOST/system"
}
