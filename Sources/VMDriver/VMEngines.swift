import LabCore

/// The engines of this driver.
public enum VMEngines {
    public static let all: [EngineDescriptor] = [
        engine(.kvm, .kvm, .own, "a libvirt domain on KVM: the hypervisor in the kernel"),
        engine(
            .qemu, .qemu, .own,
            "a libvirt domain on QEMU's TCG: emulation in user space, never presented as hardware"),
        engine(
            .xen, .xen, .variant,
            "a libvirt domain on Xen, paravirtualised: the hypervisor below the host itself; --connect xen:///system"
        ),
        engine(
            .qemuDirect, .qemu, .peer,
            "the same QEMU started without libvirt: the difference is libvirt's own cost", usesLibvirt: false),
    ]

    private static func engine(
        _ id: EngineID, _ type: DomainType, _ role: EngineRole, _ summary: Message, usesLibvirt: Bool = true
    ) -> EngineDescriptor {
        EngineDescriptor(
            id, .virtualMachine, role, emulates: type.emulates, summary, takesBuild: type != .xen
        ) { settings, build in
            VMEngine(
                type, id: build?.name ?? id, role: build.map { $0.name == id ? role : .peer } ?? role,
                configuration: VMConfiguration(
                    profile: settings.profile.flatMap(MachineProfile.init) ?? .standard,
                    usesLibvirt: usesLibvirt, connection: settings.connect, kernel: settings.kernel,
                    fetchesKernel: settings.fetchesKernel, build: build))
        }
    }
}
