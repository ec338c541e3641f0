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
        [
            option("-name", "guest=\(Self.escaped(name)),debug-threads=on"),
            option("-machine", machineOption),
            option("-accel", type == .kvm ? "kvm" : "tcg"),
            option("-cpu", type == .kvm ? "host,migratable=on" : "qemu64"),
        ] + (firmware.map { [option("-bios", $0)] } ?? []) + [
            // In MiB, rounded up, as libvirt does.
            option("-m", "\(memoryBytes.roundedToMebibytes)")
        ] + backendOptions + [
            option("-smp", "\(cpus),sockets=\(cpus),cores=1,threads=1"),
            option("-display", "none"),
            option("-no-user-config"),
            option("-nodefaults"),
            option("-rtc", "base=utc"),
            option("-boot", "strict=on"),
            // The same as `on_reboot` in the XML.
            option("-no-reboot"),
        ] + bootOptions + portBusOptions + diskOptions + networkOptions + additionOptions + consoleOptions
            + recordOptions
            + portOptions + balloonOptions
            + (countsInstructions ? [option("-icount", Self.instructionClockWords)] : []) + [
                option("-sandbox", QEMUUser.sandbox), option("-msg", "timestamp=on"),
            ]
    }

    /// The options as QEMU gets them.
    var qemuArguments: [String] {
        qemuOptions.flatMap { option in [option.name] + (option.value.map { [$0] } ?? []) }
    }

    private func option(_ name: String, _ value: String? = nil) -> QEMUOption {
        QEMUOption(name: name, value: value)
    }

    private var machineOption: String {
        let backend = backendOptions.isEmpty ? "" : ",memory-backend=\(machine.memoryName)"
        return
            "\(machine.rawValue),usb=off,dump-guest-core=off\(backend)\(hasACPI ? "" : ",acpi=off")"
    }

    /// Memory that is not simply anonymous.
    private var backendOptions: [QEMUOption] {
        let size = "size=\(memoryBytes.roundedToMebibytes << 20)"
        switch memory {
        case .lazy, .balloon, .freePageReporting: return []
        case .prealloc:
            return [option("-object", "memory-backend-ram,id=\(machine.memoryName),prealloc=on,\(size)")]
        case .hugePages:
            return [
                option(
                    "-object",
                    "memory-backend-memfd,id=\(machine.memoryName),hugetlb=on,"
                        + "hugetlbsize=\(HugePages.bytes),share=off,prealloc=on,\(size)")
            ]
        }
    }

    private var bootOptions: [QEMUOption] {
        switch boot {
        case .kernel(let kernel, let initramfs, let commandLine):
            [option("-kernel", kernel), option("-initrd", initramfs), option("-append", commandLine)]
        case .disk(let path):
            [
                option("-drive", "if=none,id=disk,format=raw,file=\(Self.escaped(path))"),
                option("-device", "ide-hd,bus=ide.0,unit=0,drive=disk,id=ide0-0-0,bootindex=1"),
            ]
        }
    }

    private var diskOptions: [QEMUOption] {
        let root = rootDisk.map { path in
            [
                option("-drive", "if=none,id=system,format=raw,readonly=on,file=\(Self.escaped(path))"),
                virtio("virtio-blk", "drive=system,id=virtio-disk0", Self.diskSlot),
            ]
        }
        let storage = storageDisk.map { disk in
            [
                option(
                    "-drive",
                    "if=none,id=storage,format=raw,cache=\(disk.cache.rawValue),file=\(Self.escaped(disk.path))"
                ),
                virtio(
                    "virtio-blk", "drive=storage,id=virtio-disk1,serial=\(StorageDisk.serial)",
                    Self.storageSlot),
            ]
        }
        return (root ?? []) + (storage ?? [])
    }

    /// QEMU's descriptor of the tap that its starter has opened, as libvirt opens it too.
    static let tapDescriptor: Int32 = 3

    private var networkOptions: [QEMUOption] {
        guard let interface else { return [] }
        let rom = machine.hasPCI ? ",romfile=" : ""
        return [
            option("-netdev", "tap,id=hostnet0,fd=\(Self.tapDescriptor)"),
            virtio(
                "virtio-net", "netdev=hostnet0,id=net0,mac=\(interface.hardware)\(rom)", Self.networkSlot),
        ]
    }

    /// A device of virtio, see `address`.
    private func virtio(_ driver: String, _ properties: String, _ slot: Int) -> QEMUOption {
        machine.hasPCI
            ? option(
                "-device",
                "\(driver)-pci,\(properties),bus=\(machine.rootBus),addr=0x\(String(slot, radix: 16))")
            : option("-device", "\(driver)-device,\(properties)")
    }

    /// The devices that libvirt adds to a machine by itself: a USB controller, behind a port where the bus is PCI
    /// Express, and for a later device one port more.
    private var additionOptions: [QEMUOption] {
        guard devices == .standard else { return [] }
        switch machine {
        case .microvm: return []
        case .pc: return [option("-device", "piix3-usb-uhci,id=usb,bus=pci.0,addr=0x1.0x2")]
        case .q35:
            let ports = (1...(memory.hasBalloon ? 2 : 3)).map { number in
                let address = number == 1 ? "multifunction=on,addr=0x1" : "addr=0x1.0x\(number - 1)"
                return option(
                    "-device",
                    "pcie-root-port,port=\(7 + number),chassis=\(number),id=pci.\(number),bus=pcie.0,\(address)"
                )
            }
            return ports + [option("-device", "qemu-xhci,id=usb,bus=pci.1,addr=0x0")]
        }
    }

    private var consoleOptions: [QEMUOption] {
        guard hasConsole else { return [] }
        return [
            option("-chardev", "pipe,id=charserial0,path=\(Self.escaped(consolePipe))"),
            option("-device", "isa-serial,chardev=charserial0,id=serial0,index=0"),
        ]
    }

    private var recordOptions: [QEMUOption] {
        let ids = "chardev=charserial\(recordIndex),id=serial\(recordIndex)"
        let device =
            switch channel {
            case .debugPort: "isa-debugcon,\(ids),iobase=\(RecordChannel.port)"
            case .serial: "isa-serial,\(ids),index=1"
            case .serialConsole, .xenConsole:
                preconditionFailure("a console is carried by libvirt, and this QEMU has none")
            }
        return [
            option("-chardev", "pipe,id=charserial\(recordIndex),path=\(Self.escaped(recordPipe))"),
            option("-device", device),
        ]
    }

    private var portBusOptions: [QEMUOption] {
        commandPipe.map { _ in [virtio("virtio-serial", "id=virtio-serial0", Self.portSlot)] } ?? []
    }

    private var portOptions: [QEMUOption] {
        guard let commandPipe else { return [] }
        return [
            option("-chardev", "pipe,id=charchannel0,path=\(Self.escaped(commandPipe))"),
            option(
                "-device",
                "virtserialport,bus=virtio-serial0.0,nr=1,chardev=charchannel0,id=channel0,name=\(Self.portName)"
            ),
        ]
    }

    private var balloonOptions: [QEMUOption] {
        let place: String
        if memory.hasBalloon {
            let reports = memory == .freePageReporting ? "free-page-reporting=on," : ""
            place = "\(reports)bus=\(machine.rootBus),addr=0x\(String(Self.balloonSlot, radix: 16))"
        } else if devices == .standard {
            place = machine == .q35 ? "bus=pci.2,addr=0x0" : "bus=pci.0,addr=0x2"
        } else {
            return []
        }
        return [option("-device", "virtio-balloon-pci,id=balloon0,\(place)")]
    }

    /// A comma in a value is written twice: util/keyval.c in QEMU.
    private static func escaped(_ value: String) -> String {
        value.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }
}

extension MachineProfile {
    /// QEMU's name for the machine's memory.
    fileprivate var memoryName: String { self == .microvm ? "microvm.ram" : "pc.ram" }
    /// The bus that the machine begins with; microvm has none.
    fileprivate var rootBus: String { self == .q35 ? "pcie.0" : "pci.0" }
}

extension UInt64 {
    fileprivate var roundedToMebibytes: UInt64 { (self + (1 << 20) - 1) >> 20 }
}
