import LabCore

extension MachineProfile {
    /// The machine that `lab` uses unless told otherwise: the one that starts soonest.
    public static let standard = MachineProfile.microvm

    /// True when devices can hang on it that the guest finds by itself. microvm has transports for devices of virtio alone.
    var hasPCI: Bool { self != .microvm }

    /// The same for a complete system, which is started on a board as distributions know them.
    var withSystem: MachineProfile { hasPCI ? self : .q35 }

    /// The guest's driver of the way to its devices of virtio.
    var virtioModule: String { hasPCI ? "virtio_pci" : "virtio_mmio" }
}

/// Who executes the guest's instructions: libvirt's domain type.
public enum DomainType: String, Codable, Sendable, CaseIterable {
    /// The processor, under the kernel's hypervisor.
    case kvm
    /// QEMU's translator (TCG), in user space.
    case qemu
    /// The processor, under Xen, which the host's own kernel is a guest of too.
    case xen

    /// True when no processor executes its guests' instructions.
    var emulates: Bool { self == .qemu }

    /// libvirt's name for Xen's paravirtual guests, which have no board.
    static let xenMachine = "xenpv"

    /// Returns libvirt's name for the machine of such a VM.
    func machine(_ profile: MachineProfile) -> String { self == .xen ? Self.xenMachine : profile.rawValue }

    /// The URI at which such VMs are when nobody says; nil for the driver inside this process.
    ///
    /// A process with that driver open counts as a daemon, whose libvirt asks Xen's own daemon, virtxend, and never libvirtd,
    /// unless it is told libvirtd's socket. See https://libvirt.org/uri.html.
    var connection: String? {
        guard self == .xen else { return nil }
        let socket = "/run/libvirt/libvirt-sock"
        return Files.exists(socket) ? "xen:///system?socket=\(socket)" : "xen:///system"
    }
}

/// The way by which the guest's records leave the machine.
public enum RecordChannel: String, Codable, Sendable {
    /// QEMU's isa-debugcon: one `outb` per byte, no driver in the guest.
    case debugPort
    /// A second serial port and the guest's 8250 driver, for libvirt before 8.1, which has no isa-debugcon.
    case serial
    /// The first serial port, where the kernel prints too; libvirt carries its bytes, from wherever the VM runs.
    case serialConsole = "serial-console"
    /// The same on the console of Xen's paravirtual guests.
    case xenConsole = "xen-console"

    /// True when libvirt carries the guest's bytes; otherwise FIFOs of this host do.
    var isConsole: Bool { self == .serialConsole || self == .xenConsole }

    /// The terminal that the guest's kernel prints to.
    var terminal: String { self == .xenConsole ? "hvc0" : "ttyS0" }

    /// The name in the report.
    var title: Message {
        switch self {
        case .debugPort: "isa-debugcon"
        case .serial: "second serial port"
        case .serialConsole, .xenConsole: "\(terminal), the kernel's console, through libvirt"
        }
    }

    /// The port of isa-debugcon, as Bochs chose it.
    static let port = 0xe9

    /// The argument of `lab-guest`'s `--channel`.
    var guestArgument: String {
        switch self {
        case .debugPort: "port:0x\(String(Self.port, radix: 16))"
        case .serial: "path:/dev/ttyS1"
        case .serialConsole, .xenConsole: "console:/dev/\(terminal)"
        }
    }
}
