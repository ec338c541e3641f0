import Glibc
import LabCore

/// The needs of VMs on this machine, each part proved by using it once; that a guest boots is proved by the engines.
public enum VMChecks {
    /// The hypervisor's device, the guest kernel, and libvirt with QEMU. No guest is booted, nothing is downloaded.
    ///
    /// - Parameter paths: where kernels and the embedded driver's files are kept.
    /// - Parameter connect: a libvirt URI; nil for the driver inside this process. Another host's device is left out.
    /// - Parameter fetches: whether whoever needs a kernel downloads one.
    public static func all(paths: LabPaths, connect: String? = nil, fetches: Bool = false) -> [DoctorCheck] {
        let kernel = kernel(paths, fetches: fetches)
        guard let connect else { return [device(), kernel, libvirt(paths)] }
        let isFar = ConnectionURI(connect)?.host != nil
        return (isFar ? [] : [device()]) + [kernel, connection(connect, paths)]
    }

    /// Connects, and tells what the driver says that it runs.
    private static func connection(_ uri: String, _ paths: LabPaths) -> DoctorCheck {
        .proving("libvirt", "libvirt at \(uri)", disables: disabled) { () throws(LabError) in
            let hypervisor = try Hypervisor.connect(uri, paths: paths)
            let types = Message.names(hypervisor.capabilities.types)
            let host = hypervisor.connection.hostname.or("an unknown host")
            return "libvirt \(hypervisor.libvirtVersion), \(hypervisor.connection.driver)"
                + " \(hypervisor.hypervisorVersion) on \(host); domain types: \(types)"
        }
    }

    private static let disabled: [Message] = ["\(EngineID.kvm)", "\(EngineID.qemu)"]

    /// Opens the device. Without it VMs are emulated: labs are the poorer, and only `kvm` is lost.
    private static func device() -> DoctorCheck {
        let title: Message = "\(KVMDevice.path) opens"
        if case .unavailable(let error) = KVMDevice.obstacle(
            daemon: false, user: .current(opening: KVMDevice.path))
        {
            return DoctorCheck(
                id: "kvm-device", title: title, status: .warn, detail: error.reason, remedy: error.remedy,
                disables: ["\(EngineID.kvm)"])
        }
        var status = stat()
        let mode = stat(KVMDevice.path, &status) == 0 ? String(status.st_mode & 0o7777, radix: 8) : "unknown"
        let modules = KVMDevice.modules
        return DoctorCheck(
            id: "kvm-device", title: title, status: .pass,
            detail:
                "mode \(mode), modules: \(modules.isEmpty ? "none listed" : Message.names(modules))")
    }

    /// Finds and reads a kernel. A missing one only warns: `lab doctor --fetch` gets it before the engines are tried.
    /// - Parameter fetches: whether whoever needs one fetches it.
    private static func kernel(_ paths: LabPaths, fetches: Bool) -> DoctorCheck {
        var check = DoctorCheck.proving("guest-kernel", "guest kernel", disables: fetches ? [] : disabled) {
            () throws(LabError) in
            let kernel = try GuestKernel.find(explicit: nil, unpack: false, fetch: false, paths: paths)
            return kernel.version.isEmpty ? "\(kernel.source)" : "\(kernel.version), \(kernel.source)"
        }
        if check.status == .fail {
            check.status = .warn
            if fetches {
                check.remedy = "none is needed: the first VM that is started fetches one with apt-get"
            }
        }
        return check
    }

    private static func libvirt(_ paths: LabPaths) -> DoctorCheck {
        .proving("libvirt", "libvirt without a daemon", disables: disabled) { () throws(LabError) in
            let hypervisor = try Hypervisor.embedded(paths: paths)
            let driver = hypervisor.connection.driver
            // The connection opens without a QEMU, too; libvirt asks the program for its version here.
            guard let version = hypervisor.connection.hypervisorVersion else {
                throw LabError(
                    .unavailable, "libvirt \(hypervisor.libvirtVersion) found no \(driver) that works",
                    remedy: "install qemu-system-x86")
            }
            return "libvirt \(hypervisor.libvirtVersion), \(driver) \(version)"
        }
    }
}
