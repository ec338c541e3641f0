import LabCore

/// How the VMs of one engine are made.
struct VMConfiguration: Equatable, Sendable {
    var profile = MachineProfile.standard
    /// Whether libvirt starts QEMU; otherwise this process does, and `connection` has no meaning.
    var usesLibvirt = true
    /// libvirt URI; nil for the driver inside this process.
    var connection: String?
    /// Kernel image to boot; nil to find one.
    var kernel: String?
    /// Whether a kernel may be downloaded when there is none on the machine.
    var fetchesKernel = false
    /// Whether QEMU enters the kernel proper (PVH); otherwise the guest unpacks the distribution's bzImage itself.
    var unpacksKernel = true
    /// How the guest's records leave it; nil for the quickest that libvirt knows.
    var channel: RecordChannel?
    /// How long the boot that proves KVM may take. A healthy one needs less than a second; where the
    /// machine itself is emulated, `Emulator.patience` times as long is waited.
    var kvmProbeLimit = Duration.seconds(20)
}
