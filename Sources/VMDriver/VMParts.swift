import Artifacts
import Glibc
import LabCore
import Synchronization

/// The files that VMs are made of: what all of an engine have in common, and what each variant has of its own.
final class VMParts: Sendable {
    /// By default.
    let kernel: GuestKernel
    let initramfs: Initramfs
    private let configuration: VMConfiguration
    private let root: RootFilesystem
    private let paths: LabPaths
    /// What was asked for.
    private let known = Mutex<[Wish: Chosen]>([:])

    private struct Wish: Hashable {
        var variant: VMVariant
        var system: Condition.System?
        var command: VMCommand?
    }

    /// The parts of one VM.
    struct Chosen: Sendable {
        var variant: VMVariant
        var machine: MachineProfile
        var kernel: GuestKernel
        var initramfs: Initramfs
        /// The kernel's modules in the initramfs, in the order of loading.
        var modules: [String] = []
        /// The firmware's file; nil for the machine's own.
        var firmware: String?
    }

    /// Finds the kernel and makes the initramfs.
    init(_ configuration: VMConfiguration, _ root: RootFilesystem, _ paths: LabPaths) throws(LabError) {
        self.configuration = configuration
        self.root = root
        self.paths = paths
        kernel = try GuestKernel.find(
            explicit: configuration.kernel, unpack: configuration.unpacksKernel,
            fetch: configuration.fetchesKernel, paths: paths)
        initramfs = try Initramfs.make(of: root, paths: paths)
    }

    /// Returns the parts of a VM at this condition; the second time it costs nothing.
    /// - Throws: `.usage` for what does not go together, `.unavailable` for what is not here.
    func of(_ condition: Condition, starting command: VMCommand? = nil) throws(LabError) -> Chosen {
        let wish = Wish(
            variant: condition.variant ?? VMVariant(), system: condition.system, command: command)
        if let chosen = known.withLock({ $0[wish] }) { return chosen }
        let chosen = try choose(wish)
        known.withLock { $0[wish] = chosen }
        return chosen
    }

    private func choose(_ wish: Wish) throws(LabError) -> Chosen {
        let variant = wish.variant
        let standard = wish.system == .complete ? configuration.profile.withSystem : configuration.profile
        var chosen = Chosen(
            variant: variant, machine: variant.machine ?? standard, kernel: kernel, initramfs: initramfs)
        if !chosen.machine.hasPCI {
            let needs = variant.memory.flatMap { $0.hasBalloon ? "memory=\($0.rawValue)" : nil }
            if let word = needs ?? (variant.devices == .standard ? "devices=default" : nil) {
                throw LabError(
                    .usage,
                    "the variant \(word) needs a machine with PCI, and \(chosen.machine.rawValue) has none",
                    remedy: "add machine=q35")
            }
        }
        if variant.start == .restore && variant.console == VMVariant.Console.none {
            throw LabError(
                .usage,
                "the variant start=restore needs a console: a restored guest is told there what to do",
                remedy: "leave console=none out")
        }
        chosen.kernel = try kernel(variant.kernel)
        chosen.firmware = try Self.firmware(variant.firmware)
        if variant.start == .restore && wish.system != nil {
            throw LabError(
                .usage, "a complete system can't be restored from a saved VM",
                remedy: "leave start=restore out")
        }
        if variant.start == .restore && wish.command != nil {
            throw LabError(
                .usage, "a command can't be started in a VM that is restored",
                cause: "what differs from start to start is told to it on its console",
                remedy: "leave start=restore out")
        }
        var names: [String] = []
        if variant.memory?.hasBalloon ?? false { names += ["virtio_balloon"] }
        if wish.system == .complete { names += ["virtio_blk", "ext4", "overlay"] }
        if let command = wish.command {
            names += Self.modules(startingFrom: command.disk.format)
            if command.payload.network != nil { names.append("virtio_net") }
            if command.ground != nil { names += VMCommand.Ground.modules }
        }
        if variant.diskCache != nil { names += ["virtio_blk", StorageDisk.fileSystem] }
        if !names.isEmpty {
            let modules = try load([chosen.machine.virtioModule] + names)
            chosen.initramfs = try Initramfs.make(
                of: root, modules: modules, command: wish.command, paths: paths)
            chosen.modules = modules.map(\.name)
        }
        return chosen
    }

    private func load(_ names: [String]) throws(LabError) -> [KernelModule] {
        try KernelModules.load(names, for: kernel, fetch: configuration.fetchesKernel, paths: paths)
    }

    /// The modules by which a command gets its disk and its port.
    private static func modules(startingFrom format: TreeDisk.Format) -> [String] {
        ["virtio_blk", "virtio_console", format.rawValue, "overlay"]
    }

    /// The disk of a command's tree, made if it is not there yet.
    /// - Parameter directory: all of the tree.
    /// - Throws: `.unavailable` when nothing makes a disk that the guest's kernel can mount; else as `TreeDisk.of`.
    func disk(of tree: FileTree, in directory: String) throws(LabError) -> TreeDisk {
        var obstacle: LabError?
        for format in configuration.diskFormats {
            guard Tool.find(format.tool.name) != nil else {
                obstacle = LabError(
                    .unavailable, "there is no \(format.tool.name) to make a disk with",
                    remedy: "apt-get install \(format.tool.package)")
                continue
            }
            do throws(LabError) { _ = try load(Self.modules(startingFrom: format)) } catch {
                guard error.kind == .unavailable else { throw error }
                obstacle = error
                continue
            }
            return try TreeDisk.of(tree, in: directory, as: format, paths: paths)
        }
        throw obstacle ?? LabError(.software, "no file system is known for the disk of a command")
    }

    /// Proves that the guest's kernel has what `VMCommand.Ground` promises.
    /// - Throws: `.unavailable` where it lacks a module.
    func requireGround() throws(LabError) {
        _ = try load([StorageDisk.fileSystem] + VMCommand.Ground.modules)
    }

    /// Lays the guest's kernel where lab finds it in a guest, with its cache below `home/cache`: there it boots others.
    func keepKernel(below directory: String) throws(LabError) {
        let place = "\(directory)/home/cache/kernels/\(kernel.digest)"
        try Files.makeDirectory(place)
        let name = kernel.version.isEmpty ? "guest" : kernel.version
        try Files.write(try Files.read(kernel.source, limit: 1 << 30), to: "\(place)/vmlinuz-\(name)")
    }

    private func kernel(_ form: VMVariant.Kernel?) throws(LabError) -> GuestKernel {
        guard let form, kernel.isUnpacked != (form == .vmlinux) else { return kernel }
        let other = try GuestKernel.open(kernel.source, unpack: form == .vmlinux, paths: paths)
        guard other.isUnpacked == (form == .vmlinux) else {
            throw LabError(
                .unavailable, "the kernel \(kernel.source) can't be had as \(form.rawValue)",
                cause: form == .vmlinux ? "it can't be unpacked" : "it is the kernel proper already",
                remedy: "name a distribution's vmlinuz with --kernel")
        }
        return other
    }

    /// The path at which distributions put QEMU's qboot; nil where it is not installed.
    private static let qboot: String? = {
        let places = ["/usr/share/qemu/qboot.rom", "/usr/share/qemu-kvm/qboot.rom"]
        return places.first { access($0, R_OK) == 0 }
    }()

    private static func firmware(_ choice: VMVariant.Firmware?) throws(LabError) -> String? {
        guard choice == .qboot else { return nil }
        guard let qboot else {
            throw LabError(
                .unavailable, "there is no qboot.rom in /usr/share/qemu", remedy: "install qemu-system-data")
        }
        return qboot
    }
}
