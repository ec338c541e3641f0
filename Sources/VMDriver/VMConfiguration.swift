import Artifacts
import LabCore

/// The settings by which the VMs of one engine are made.
struct VMConfiguration: Equatable, Sendable {
    var profile = MachineProfile.standard
    /// True when libvirt starts QEMU; otherwise this process does, and `connection` has no meaning.
    var usesLibvirt = true
    /// libvirt URI; nil for the driver inside this process.
    var connection: String?
    /// Kernel image to boot; nil to find one.
    var kernel: String?
    /// True when a kernel may be downloaded where there is none on the machine.
    var fetchesKernel = false
    /// The emulator that the user named; nil for the one that libvirt, or PATH, has.
    var build: EngineBuild?
    /// True when QEMU enters the kernel proper (PVH); otherwise the guest unpacks the distribution's bzImage itself.
    var unpacksKernel = true
    /// The file systems that the disk of a command may have, the better first.
    var diskFormats = TreeDisk.Format.allCases
    /// The way by which the guest's records leave it; nil for the quickest that libvirt knows.
    var channel: RecordChannel?
    /// The time that the boot that proves KVM may take. A healthy one needs less than a second; where the
    /// machine itself is emulated, `Emulator.patience` times as long is waited.
    var kvmProbeLimit = Duration.seconds(20)
}
