import LabCore

/// Everything about one VM, from which its libvirt XML is made. See https://libvirt.org/formatdomain.html.
public struct DomainDescription: Equatable, Sendable {
    /// The first program that the machine runs.
    public enum Boot: Equatable, Sendable {
        /// A Linux kernel that QEMU itself puts into memory: `kernel` and `initramfs` are files.
        case kernel(String, initramfs: String, commandLine: String)
        /// The first sector of a raw disk image, which the firmware loads: whatever it is.
        case disk(String)
    }

    public var name: String
    /// The id by which libvirt knows it beside its name; nil for one of libvirt's choice.
    public var uuid: String?
    public var type: DomainType
    public var machine: MachineProfile
    public var memoryBytes: UInt64
    public var memory = VMVariant.Memory.lazy
    public var cpus: Int
    public var boot: Boot
    /// File of a disk that the guest may only read, beside what it boots; nil for none.
    public var rootDisk: String?
    /// File of a disk that the guest may write to, and the cache before it; nil for none.
    public var storageDisk: StorageDisk?
    /// File of the firmware; nil for the machine's own.
    public var firmware: String?
    public var devices = VMVariant.Devices.none
    /// True when the guest's clocks count its instructions, a nanosecond for each.
    public var countsInstructions = false
    /// True when the machine has a first serial port, where the guest's kernel prints.
    public var hasConsole = true
    /// QEMU's program; nil for the one that libvirt, or PATH, has.
    var emulator: String?
    /// The host's processors on which all of QEMU's threads run; nil for all.
    var processors: CPUList?
    /// Who QEMU is; nil for who starts it.
    var user: QEMUUser?
    /// QEMU opens `console.in` and `console.out`, two FIFOs; not where the channel is a console, which libvirt carries.
    public var consolePipe: String
    /// The same for the records of lab-guest.
    public var recordPipe: String
    public var channel: RecordChannel
    /// The same for a command, by a port of virtio-serial that goes both ways; nil for none.
    public var commandPipe: String?
    /// An Ethernet interface of virtio; nil for none.
    public var interface: Interface?

    /// A tap of this host's that is there already, and the guest's end of it.
    public struct Interface: Equatable, Sendable {
        public var tap: String
        /// Its Ethernet address, `02:1a:0a:d5:00:02`.
        public var hardware: String
        /// Its IPv4 address with the length of its block, which the guest gives it.
        public var address: String

        init(_ link: InstanceLink) { self.init(link.name, link.address) }

        init(_ tap: String, _ address: InstanceAddress) {
            self.init(tap: tap, hardware: address.hardware, address: address.withLength)
        }

        init(tap: String, hardware: String, address: String) {
            (self.tap, self.hardware, self.address) = (tap, hardware, address)
        }
    }

    public init(
        name: String, type: DomainType, machine: MachineProfile, memoryBytes: UInt64, cpus: Int, boot: Boot,
        consolePipe: String, recordPipe: String, channel: RecordChannel
    ) {
        self.name = name
        self.type = type
        self.machine = machine
        self.memoryBytes = memoryBytes
        self.cpus = cpus
        self.boot = boot
        self.consolePipe = consolePipe
        self.recordPipe = recordPipe
        self.channel = channel
    }

    /// The description that libvirt gets: by default nothing in it but what the guest needs, since each device costs
    /// time at the start and memory afterwards. libvirt's own additions (USB, balloon) are then refused by name.
    public var xml: String {
        if type == .xen { return xenXML }
        let lines =
            [
                "<domain type='\(type.rawValue)'\(countsInstructions ? Self.namespace : "")>",
                "  <name>\(xmlEscaped(name))</name>",
            ] + (uuid.map { ["  <uuid>\(xmlEscaped($0))</uuid>"] } ?? []) + [
                "  <memory unit='b'>\(memoryBytes)</memory>"
            ] + memoryBacking + placement + ["  <os>"] + os + ["  </os>"] + processor + [
                "  <on_poweroff>destroy</on_poweroff>",
                "  <on_reboot>destroy</on_reboot>",
                "  <on_crash>destroy</on_crash>",
                "  <devices>",
            ]
            + (program + portBus + disk + storage + network + additions + console + recordDevice + port).map {
                "    \($0)"
            } + [
                "  </devices>"
            ] + label + instructionClock + ["</domain>"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Numbers, which need no account. Files are given to the user by lab, and stay as they are.
    private var label: [String] {
        guard let user else { return [] }
        return [
            "  <seclabel type='static' model='dac' relabel='no'>",
            "    <label>+\(user.uid):+\(user.gid)</label>", "  </seclabel>",
        ]
    }

    private static let namespace = " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"

    /// The words for -icount: see `VMVariant.Clock`. Without sleep, an idle guest's clock runs ahead to its next timer.
    static let instructionClockWords = "shift=0,sleep=off"

    /// libvirt has no element for it, so it is handed through.
    private var instructionClock: [String] {
        guard countsInstructions else { return [] }
        return [
            "  <qemu:commandline>", "    <qemu:arg value='-icount'/>",
            "    <qemu:arg value='\(Self.instructionClockWords)'/>", "  </qemu:commandline>",
        ]
    }

    private var memoryBacking: [String] {
        switch memory {
        case .lazy, .balloon, .freePageReporting: []
        case .prealloc:
            ["  <memoryBacking>", "    <allocation mode='immediate'/>", "  </memoryBacking>"]
        // A memfd, which needs no mounted hugetlbfs.
        case .hugePages:
            ["  <memoryBacking>", "    <hugepages/>", "    <source type='memfd'/>", "  </memoryBacking>"]
        }
    }

    /// The processors that virtual ones may use are by default those of QEMU's other threads too, and yet each says its own:
    /// libvirt starts QEMU on those of `emulatorpin`.
    private var placement: [String] {
        guard let processors else { return ["  <vcpu>\(cpus)</vcpu>"] }
        return [
            "  <vcpu placement='static' cpuset='\(processors)'>\(cpus)</vcpu>", "  <cputune>",
            "    <emulatorpin cpuset='\(processors)'/>", "  </cputune>",
        ]
    }

    private var program: [String] {
        emulator.map { ["<emulator>\(xmlEscaped($0))</emulator>"] } ?? []
    }

    private var os: [String] {
        var lines = ["    <type arch='x86_64' machine='\(machine.rawValue)'>hvm</type>"]
        if let firmware { lines.append("    <loader type='rom'>\(xmlEscaped(firmware))</loader>") }
        switch boot {
        case .kernel(let kernel, let initramfs, let commandLine):
            lines += [
                "    <kernel>\(xmlEscaped(kernel))</kernel>",
                "    <initrd>\(xmlEscaped(initramfs))</initrd>",
                "    <cmdline>\(xmlEscaped(commandLine))</cmdline>",
            ]
        case .disk: lines.append("    <boot dev='hd'/>")
        }
        return lines
    }

    private var processor: [String] {
        var lines: [String] = []
        if hasACPI { lines.append("  <features><acpi/></features>") }
        if type == .kvm { lines.append("  <cpu mode='host-passthrough'/>") }
        return lines
    }

    private var disk: [String] {
        if let rootDisk {
            return [
                "<disk type='file' device='disk'>",
                "  <driver name='qemu' type='raw'/>",
                "  <source file='\(xmlEscaped(rootDisk))'/>",
                "  <target dev='vda' bus='virtio'/>",
                "  <readonly/>",
                "  \(address(Self.diskSlot))",
                "</disk>",
            ]
        }
        guard case .disk(let path) = boot else { return [] }
        return [
            "<disk type='file' device='disk'>",
            "  <driver name='qemu' type='raw'/>",
            "  <source file='\(xmlEscaped(path))'/>",
            "  <target dev='hda' bus='ide'/>",
            "</disk>",
        ]
    }

    private var storage: [String] {
        guard let storageDisk else { return [] }
        return [
            "<disk type='file' device='disk'>",
            "  <driver name='qemu' type='raw' cache='\(storageDisk.cache.rawValue)'/>",
            "  <source file='\(xmlEscaped(storageDisk.path))'/>",
            "  <target dev='vdb' bus='virtio'/>",
            "  <serial>\(StorageDisk.serial)</serial>",
            "  \(address(Self.storageSlot))",
            "</disk>",
        ]
    }

    /// The device that has the command's port.
    private var portBus: [String] {
        guard commandPipe != nil else { return [] }
        return [
            "<controller type='virtio-serial' index='0'>",
            "  \(address(Self.portSlot))",
            "</controller>",
        ]
    }

    private var port: [String] {
        guard let commandPipe else { return [] }
        return [
            "<channel type='pipe'>", "  <source path='\(xmlEscaped(commandPipe))'/>",
            "  <target type='virtio' name='\(Self.portName)'/>",
            "  <address type='virtio-serial' controller='0' bus='0' port='1'/>", "</channel>",
        ]
    }

    static let portName = "lab.command"

    /// Its packets are QEMU's to carry and not a thread of the kernel's (vhost): what they cost is QEMU's time, emulated or not.
    private var network: [String] {
        guard let interface else { return [] }
        return [
            "<interface type='ethernet'>",
            "  <mac address='\(interface.hardware)'/>",
            "  <target dev='\(xmlEscaped(interface.tap))' managed='no'/>",
            "  <model type='virtio'/>",
            "  <driver name='qemu'/>",
        ] + (machine.hasPCI ? ["  <rom enabled='no'/>"] : []) + [
            "  \(address(Self.networkSlot))", "</interface>",
        ]
    }

    /// USB and balloon: each refused by name, or left to libvirt.
    private var additions: [String] {
        var lines: [String] = []
        if devices == .none { lines.append("<controller type='usb' model='none'/>") }
        if memory.hasBalloon {
            // Right on the root bus, where a device needs no port.
            let reports = memory == .freePageReporting ? " freePageReporting='on'" : ""
            lines += [
                "<memballoon model='virtio'\(reports)>", "  \(address(Self.balloonSlot))",
                "</memballoon>",
            ]
        } else if devices == .none {
            lines.append("<memballoon model='none'/>")
        }
        return lines
    }

    /// A slot where nothing else is, on q35 and pc alike.
    static let balloonSlot = 5
    static let diskSlot = 6
    static let portSlot = 7
    static let storageSlot = 8
    static let networkSlot = 9

    /// Where a device of virtio is: in a slot, or on the next free one of microvm's transports (virtio-mmio).
    private func address(_ slot: Int) -> String {
        machine.hasPCI
            ? "<address type='pci' domain='0' bus='0' slot='\(slot)' function='0'/>"
            : "<address type='virtio-mmio'/>"
    }

    /// True when the machine describes itself to the guest through ACPI. A microvm does where devices are on its transports:
    /// distributions' kernels are built to find them by its tables, and not by words of their command line.
    var hasACPI: Bool {
        machine.hasPCI || rootDisk != nil || storageDisk != nil || commandPipe != nil || interface != nil
    }

    private var console: [String] {
        guard hasConsole else { return [] }
        guard !channel.isConsole else {
            return ["<serial type='pty'>", "  <target type='isa-serial' port='0'/>", "</serial>"]
        }
        return [
            "<serial type='pipe'>",
            "  <source path='\(xmlEscaped(consolePipe))'/>",
            "  <target type='isa-serial' port='0'/>",
            "</serial>",
        ]
    }

    /// The index of the record channel among the serial devices.
    var recordIndex: Int { hasConsole ? 1 : 0 }

    private var recordDevice: [String] {
        let target: [String] =
            switch channel {
            case .debugPort:
                [
                    "  <target type='isa-debug' port='\(recordIndex)'><model name='isa-debugcon'/></target>",
                    "  <address type='isa' iobase='0x\(String(RecordChannel.port, radix: 16))'/>",
                ]
            // The second port, /dev/ttyS1, also where there is no first.
            case .serial: ["  <target type='isa-serial' port='1'/>"]
            case .serialConsole, .xenConsole: []
            }
        guard !target.isEmpty else { return [] }
        return ["<serial type='pipe'>", "  <source path='\(xmlEscaped(recordPipe))'/>"] + target + [
            "</serial>"
        ]
    }
}
