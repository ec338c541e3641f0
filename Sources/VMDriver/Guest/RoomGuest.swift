import LabCore

/// A VM of lab-guest for whoever starts QEMU elsewhere: emulated, without libvirt, in files that are brought there.
package struct RoomGuest: Sendable {
    /// The files of this machine's that it boots.
    package let kernel: String
    package let initramfs: String
    /// Names both.
    package let digest: String

    private static let memory: UInt64 = 128 << 20

    /// - Throws: `.unavailable` where there is no kernel for guests.
    package init(_ context: RunContext) throws(LabError) {
        let found = try GuestKernel.find(
            explicit: nil, unpack: false, fetch: context.mayFetch, paths: context.paths)
        let made = try Initramfs.make(of: context.rootFilesystem, paths: context.paths)
        (kernel, initramfs) = (found.path, made.path)
        digest = found.digest + made.digest
    }

    /// The options of its QEMU.
    /// - Parameters:
    ///   - directory: of its two files, `kernel` and `initramfs`, where QEMU runs.
    ///   - pipe: its console is `PIPE.console.in` and `.out`, two FIFOs, its records come from `PIPE.record.out`, beside which there has
    ///     to be an `.in`.
    package func arguments(
        of workload: Workload, in directory: String, pipe: String
    ) throws(LabError) -> [String] {
        let commandLine = try KernelCommandLine.text(
            for: workload, channel: .debugPort, timeStampKilohertz: TimeStampCounter.kilohertz)
        return DomainDescription(
            name: "second-kernel", type: .qemu, machine: .standard, memoryBytes: Self.memory, cpus: 1,
            boot: .kernel(
                "\(directory)/kernel", initramfs: "\(directory)/initramfs", commandLine: commandLine),
            consolePipe: "\(pipe).console", recordPipe: "\(pipe).record", channel: .debugPort
        ).qemuArguments
    }
}
