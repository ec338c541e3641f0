import LabCore

/// Everything about one VM, from which its libvirt XML is made. See https://libvirt.org/formatdomain.html.
public struct DomainDescription: Equatable, Sendable {
    public var name: String
    public var type: DomainType
    public var machine: MachineProfile
    public var memoryBytes: UInt64
    public var cpus: Int
    /// File that QEMU loads as `-kernel`.
    public var kernel: String
    public var initramfs: String
    public var commandLine: String
    /// QEMU opens `console.in` and `console.out`, two FIFOs; the guest's kernel prints there.
    public var consolePipe: String
    /// The same for the records of lab-guest.
    public var recordPipe: String
    public var channel: RecordChannel

    /// The description that libvirt gets: nothing in it but what the guest needs, since each device costs time at
    /// the start and memory afterwards. libvirt's own additions (USB, balloon) are refused by name.
    public var xml: String {
        """
        <domain type='\(type.rawValue)'>
          <name>\(xmlEscaped(name))</name>
          <memory unit='b'>\(memoryBytes)</memory>
          <vcpu>\(cpus)</vcpu>
          <os>
            <type arch='x86_64' machine='\(machine.rawValue)'>hvm</type>
            <kernel>\(xmlEscaped(kernel))</kernel>
            <initrd>\(xmlEscaped(initramfs))</initrd>
            <cmdline>\(xmlEscaped(commandLine))</cmdline>
          </os>
        \(optionalElements)  <on_poweroff>destroy</on_poweroff>
          <on_reboot>destroy</on_reboot>
          <on_crash>destroy</on_crash>
          <devices>
            <controller type='usb' model='none'/>
            <memballoon model='none'/>
            <serial type='pipe'>
              <source path='\(xmlEscaped(consolePipe))'/>
              <target type='isa-serial' port='0'/>
            </serial>
        \(recordDevice)
          </devices>
        </domain>

        """
    }

    private var optionalElements: String {
        var text = ""
        if machine.hasACPI { text += "  <features><acpi/></features>\n" }
        if type == .kvm { text += "  <cpu mode='host-passthrough'/>\n" }
        return text
    }

    private var recordDevice: String {
        switch channel {
        case .debugPort:
            """
                <serial type='pipe'>
                  <source path='\(xmlEscaped(recordPipe))'/>
                  <target type='isa-debug' port='1'><model name='isa-debugcon'/></target>
                  <address type='isa' iobase='0x\(String(RecordChannel.port, radix: 16))'/>
                </serial>
            """
        case .serial:
            """
                <serial type='pipe'>
                  <source path='\(xmlEscaped(recordPipe))'/>
                  <target type='isa-serial' port='1'/>
                </serial>
            """
        }
    }
}
