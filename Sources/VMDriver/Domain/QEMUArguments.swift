import LabCore

extension DomainDescription {
    /// An option of qemu-system(1) and its value, if it takes one.
    struct QEMUOption: Equatable, Sendable {
        var name: String
        var value: String?
    }

    /// The same VM as `xml`, for a QEMU that is started without libvirt: what libvirt's driver makes of the XML, less
    /// the monitor that libvirt steers it by.
    var qemuOptions: [QEMUOption] {
        func option(_ name: String, _ value: String? = nil) -> QEMUOption {
            QEMUOption(name: name, value: value)
        }
        let acpi = machine.hasACPI ? "" : ",acpi=off"
        return [
            option("-name", "guest=\(Self.escaped(name)),debug-threads=on"),
            option("-machine", "\(machine.rawValue),usb=off,dump-guest-core=off\(acpi)"),
            option("-accel", type == .kvm ? "kvm" : "tcg"),
            option("-cpu", type == .kvm ? "host,migratable=on" : "qemu64"),
            // In MiB, rounded up, as libvirt does.
            option("-m", "\((memoryBytes + (1 << 20) - 1) >> 20)"),
            option("-smp", "\(cpus),sockets=\(cpus),cores=1,threads=1"),
            option("-display", "none"),
            option("-no-user-config"),
            option("-nodefaults"),
            option("-rtc", "base=utc"),
            option("-boot", "strict=on"),
            // What `on_reboot` says in the XML.
            option("-no-reboot"),
            option("-kernel", kernel),
            option("-initrd", initramfs),
            option("-append", commandLine),
            option("-chardev", "pipe,id=charserial0,path=\(Self.escaped(consolePipe))"),
            option("-device", "isa-serial,chardev=charserial0,id=serial0,index=0"),
            option("-chardev", "pipe,id=charserial1,path=\(Self.escaped(recordPipe))"),
            option("-device", recordOption),
            option("-msg", "timestamp=on"),
        ]
    }

    /// The options as QEMU gets them.
    var qemuArguments: [String] {
        qemuOptions.flatMap { option in [option.name] + (option.value.map { [$0] } ?? []) }
    }

    private var recordOption: String {
        switch channel {
        case .debugPort: "isa-debugcon,chardev=charserial1,id=serial1,iobase=\(RecordChannel.port)"
        case .serial: "isa-serial,chardev=charserial1,id=serial1,index=1"
        }
    }

    /// A comma in a value is written twice: util/keyval.c in QEMU.
    private static func escaped(_ value: String) -> String {
        value.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }
}
