import FoundationXML
import LabCore
import Testing

@testable import VMDriver

/// A VM of a complete system, as libvirt and QEMU are told of it.
@Suite struct SystemDescriptionTests {
    @Test(
        "The disk of a complete system is a virtio disk that the guest may only read, at one address for both starters"
    )
    func disk() throws {
        var description = DomainDescription(
            name: "lab-a-0", type: .qemu, machine: .q35, memoryBytes: 256 << 20, cpus: 1,
            boot: .kernel("/k", initramfs: "/i", commandLine: "quiet"), consolePipe: "/c", recordPipe: "/r",
            channel: .debugPort)
        #expect(!description.qemuArguments.contains { $0.hasPrefix("virtio-blk-pci") })
        description.rootDisk = "/d<,"
        let xml = try XMLDocument(xmlString: description.xml)
        let disk = "/domain/devices/disk[readonly][target[@bus='virtio']][address[@type='pci'][@slot='6']]"
        #expect(try xml.nodes(forXPath: "\(disk)/source[@file='/d<,']").count == 1)
        #expect(try xml.nodes(forXPath: "/domain/os/kernel").count == 1)
        let arguments = description.qemuArguments
        #expect(arguments.contains("if=none,id=system,format=raw,readonly=on,file=/d<,,"))
        #expect(arguments.contains("virtio-blk-pci,drive=system,id=virtio-disk0,bus=pcie.0,addr=0x6"))
        description.machine = .microvm
        let address = "/domain[features/acpi]/devices/disk/address[@type='virtio-mmio']"
        #expect(try XMLDocument(xmlString: description.xml).nodes(forXPath: address).count == 1)
        let own = description.qemuArguments
        #expect(own.contains("virtio-blk-device,drive=system,id=virtio-disk0"))
        #expect(!own.contains { $0.hasSuffix(",acpi=off") })
    }

    @Test("A disk that the guest writes to has a serial and the cache that was asked for, for both starters")
    func storage() throws {
        var description = DomainDescription(
            name: "lab-a-0", type: .qemu, machine: .q35, memoryBytes: 256 << 20, cpus: 1,
            boot: .kernel("/k", initramfs: "/i", commandLine: "quiet"), consolePipe: "/c", recordPipe: "/r",
            channel: .debugPort)
        description.storageDisk = StorageDisk(path: "/d<,", cache: .writeback)
        let xml = try XMLDocument(xmlString: description.xml)
        let disk = "/domain/devices/disk[not(readonly)][driver[@cache='writeback']][serial='lab-storage']"
        #expect(try xml.nodes(forXPath: "\(disk)/source[@file='/d<,']").count == 1)
        let arguments = description.qemuArguments
        #expect(arguments.contains("if=none,id=storage,format=raw,cache=writeback,file=/d<,,"))
        #expect(
            arguments.contains(
                "virtio-blk-pci,drive=storage,id=virtio-disk1,serial=lab-storage,bus=pcie.0,addr=0x8"))
        description.machine = .microvm
        #expect(!description.qemuArguments.contains { $0.hasSuffix(",acpi=off") })
    }

    @Test("The kernel hands lab-guest the modules and the word system, and systemd the nonce")
    func commandLine() throws {
        let text = try KernelCommandLine.text(
            for: .hello(nonce: "ab12"), channel: .debugPort, timeStampKilohertz: nil, modules: ["overlay"],
            isSystem: true)
        let halves = text.split(separator: " -- ")
        #expect(halves.count == 2)
        #expect(halves[0].contains(" systemd.setenv=LAB_CHANNEL=port:0xe9 systemd.setenv=LAB_NONCE=ab12"))
        #expect(halves[1] == "--machine --channel=port:0xe9 --modules=overlay system")
        #expect(throws: LabError.self) {
            try KernelCommandLine.text(
                for: .idle, channel: .debugPort, timeStampKilohertz: nil, isSystem: true)
        }
    }
}
