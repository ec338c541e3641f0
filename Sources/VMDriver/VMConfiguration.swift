import LabCore

/// How the VMs of one engine are made.
public struct VMConfiguration: Equatable, Sendable {
    public var profile: MachineProfile
    /// Whether libvirt starts QEMU; otherwise this process does, and `connection` has no meaning.
    public var usesLibvirt: Bool
    /// libvirt URI; nil for the driver inside this process.
    public var connection: String?
    /// Kernel image to boot; nil to find one.
    public var kernel: String?
    /// Whether a kernel may be downloaded when there is none on the machine.
    public var fetchesKernel: Bool
    /// Whether QEMU enters the kernel proper (PVH); otherwise the guest unpacks the distribution's bzImage itself.
    public var unpacksKernel: Bool
    /// How the guest's records leave it; nil for the quickest that libvirt knows.
    public var channel: RecordChannel?
    /// How long the boot that proves KVM may take. A healthy one needs less than a second; where the
    /// machine itself is emulated, `Emulator.patience` times as long is waited.
    public var kvmProbeLimit: Duration

    public init(
        profile: MachineProfile = .standard, usesLibvirt: Bool = true, connection: String? = nil,
        kernel: String? = nil, fetchesKernel: Bool = false, unpacksKernel: Bool = true,
        channel: RecordChannel? = nil,
        kvmProbeLimit: Duration = .seconds(20)
    ) {
        self.profile = profile
        self.usesLibvirt = usesLibvirt
        self.connection = connection
        self.kernel = kernel
        self.fetchesKernel = fetchesKernel
        self.unpacksKernel = unpacksKernel
        self.channel = channel
        self.kvmProbeLimit = kvmProbeLimit
    }
}
