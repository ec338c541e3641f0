import LabCore

/// The XML of a paravirtual guest of Xen: Xen's own tools put the kernel into its memory, and it has no board, no
/// firmware and no device but its console. See https://libvirt.org/drvxen.html.
extension DomainDescription {
    var xenXML: String {
        guard case .kernel(let kernel, let initramfs, let commandLine) = boot else {
            preconditionFailure("a paravirtual guest starts from a kernel")
        }
        return """
            <domain type='xen'>
              <name>\(xmlEscaped(name))</name>
              <memory unit='b'>\(memoryBytes)</memory>
              <vcpu>\(cpus)</vcpu>
              <os>
                <type arch='x86_64' machine='\(DomainType.xenMachine)'>linux</type>
                <kernel>\(xmlEscaped(kernel))</kernel>
                <initrd>\(xmlEscaped(initramfs))</initrd>
                <cmdline>\(xmlEscaped(commandLine))</cmdline>
              </os>
              <on_poweroff>destroy</on_poweroff>
              <on_reboot>destroy</on_reboot>
              <on_crash>destroy</on_crash>
              <devices>
                <console type='pty'>
                  <target type='xen' port='0'/>
                </console>
              </devices>
            </domain>

            """
    }
}

extension VMVariant {
    /// The first word that asks for what a paravirtual guest has not: it has a kernel and a command line, and that is all.
    var wordOfHardware: String? {
        var hardware = self
        hardware.kernel = nil
        hardware.commandLine = nil
        return hardware.description.split(separator: ",").first.map(String.init)
    }
}
