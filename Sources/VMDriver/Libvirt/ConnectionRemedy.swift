import CLibvirt
import LabCore

/// The remedy when a connection can't be made, as far as libvirt's error tells.
enum ConnectionRemedy {
    /// Drivers that Debian packages apart, `libvirt-daemon-driver-NAME`.
    private static let packaged = ["qemu", "xen", "vbox", "lxc"]

    /// - Parameter uri: nil where it is not one.
    static func text(_ error: LibvirtError, _ uri: ConnectionURI?) -> Message? {
        let message = error.words
        if let uri, uri.driver == "xen", uri.host == nil {
            return "in dom0, install libvirt-daemon-driver-xen and start libvirtd; or \(XenHost.remedy)"
        }
        if message.contains("Failed to parse user") || message.contains("Failed to parse group") {
            return "adduser --system --group --no-create-home libvirt-qemu"
                + " (the package libvirt-daemon-system does the same)"
        }
        if let uri, uri.transport == "ssh" || uri.transport == "libssh" || uri.transport == "libssh2" {
            return "`ssh \(uri.host ?? "localhost")` must log in without a question,"
                + " and libvirtd and nc (netcat-openbsd) must be there"
        }
        if message.contains("libvirt_driver_qemu") { return "apt-get install libvirt-daemon-driver-qemu" }
        let isMissing = error.code == VIR_ERR_NO_CONNECT.rawValue || message.contains("no connection driver")
        if isMissing, let driver = uri?.driver, packaged.contains(driver) {
            return "apt-get install libvirt-daemon-driver-\(driver)"
        }
        if error.code == VIR_ERR_AUTH_FAILED.rawValue || message.contains("authentication") {
            return "put name and password into ~/.config/libvirt/auth.conf, see https://libvirt.org/auth.html"
        }
        if message.contains("Failed to connect socket"), uri?.host == nil {
            return "start libvirtd (systemctl start libvirtd), or leave --connect out"
        }
        return nil
    }
}
