import Artifacts
import Glibc
import LabCore

/// VMs to be thrown away, for a command each that makes containers: a boundary, for who measures nothing. QEMU is a child of
/// the process that starts it, without libvirt, and has no network.
///
/// As JSON it is what other processes start their VMs from, as long as who prepared it lives.
package struct DisposableGuest: Codable, Equatable, Sendable {
    /// Whether QEMU emulates the processor, because KVM does not run a guest here.
    package let isEmulated: Bool
    /// SHA-256 of the tree.
    package let digest: String
    /// The disk of the tree, where QEMU can read it.
    private let disk: String
    private let diskDigest: String
    private let format: String
    /// What the disk that a VM may write to holds at first.
    private let home: String

    /// Where a VM has that disk: as root, rooms and what they are made of lie there.
    package static let homePlace = "/var/lib/lab"

    /// One that is nested has 1 GiB in a room, and there are others beside it.
    private static let memory: UInt64 = 2 << 30
    private static let processors = 2
    /// What may be written to its disk, in bytes.
    private static let storage: UInt64 = 1 << 30
    private static let id: EngineID = "guest"

    /// Makes what all VMs of a tree start from.
    /// - Parameters:
    ///   - home: a directory with what is at `homePlace` at first, the kernel that it boots aside.
    ///   - context: of the run that what is made is gone with.
    /// - Throws: `.permission` without root, `.unavailable` where there can be no such VM.
    package static func prepare(
        _ tree: FileTree, home: String, _ context: RunContext
    ) throws(LabError) -> DisposableGuest {
        guard geteuid() == 0 else {
            throw LabError(
                .permission, "guests of \(tree.reference) can't be made without root",
                cause: "what is in them has owners that this user may not give", remedy: "run as root")
        }
        // Booted once, and the answer is kept as long as this host runs.
        let isEmulated =
            VMEngine(.kvm, configuration: configuration(context)).probe(context) != .available
        let setup = try setup(isEmulated: isEmulated, context)
        try setup.parts.requireGround()
        let place = setup.place(id, context)
        try context.journal.record(JournaledResource(.directory, place))
        try MachineFiles.prepare(place)
        let disk = try setup.parts.disk(of: tree, in: try tree.directory(for: id))
        try setup.starter.bring(disk.path, into: place)
        try setup.parts.keepKernel(below: home)
        let image = "\(place)/home.img"
        try StorageDisk.make(of: home, at: image, bytes: storage)
        return DisposableGuest(
            isEmulated: isEmulated, digest: tree.digest ?? "", disk: setup.starter.path(of: disk.path),
            diskDigest: disk.digest, format: disk.format.rawValue, home: image)
    }

    private static func configuration(_ context: RunContext) -> VMConfiguration {
        VMConfiguration(usesLibvirt: false, fetchesKernel: context.mayFetch)
    }

    private static func setup(isEmulated: Bool, _ context: RunContext) throws(LabError) -> VMSetup {
        try VMSetup(
            type: isEmulated ? .qemu : .kvm, configuration(context), context.rootFilesystem, context.paths)
    }

    /// What came of a VM. All of it is the guest's word.
    package struct End: Sendable {
        /// Of its command; or why there is none.
        package var status: Result<Int32, LabError>
        /// Of its command, at most 16 MiB.
        package var output: [UInt8]
        /// The end of what its command said, on one line and safe on any terminal.
        package var lastWords: String
    }

    /// Starts a VM, waits until its command has ended, and removes it.
    /// - Parameters:
    ///   - command: the path of its program in the VM, and its words.
    ///   - input: the command's standard input.
    ///   - context: of a run with a journal of its own.
    /// - Throws: what keeps this host from starting it, and `.interrupted` on a signal.
    package func run(
        _ command: [String], environment: [String], input: [UInt8], within limit: Duration,
        _ context: RunContext
    ) throws(LabError) -> End {
        let setup = try Self.setup(isEmulated: isEmulated, context)
        guard let format = TreeDisk.Format(rawValue: self.format),
            let disk = TreeDisk(at: self.disk, format, digest: diskDigest)
        else {
            throw LabError(
                .input, "the disk of the guests is gone", cause: "\(self.disk)",
                remedy: "grade again: it is made anew")
        }
        let place = setup.place(Self.id, context)
        try context.journal.record(JournaledResource(.directory, place))
        let payload = CommandPayload(
            tree: FileTree(reference: "guest", layers: [], digest: digest), arguments: command,
            program: command.first ?? "", environment: environment)
        let engine = PreparedVM(
            EngineRecord(id: Self.id, kind: .virtualMachine, emulated: isEmulated), setup, context,
            starting: VMCommand(
                payload, on: disk, place: place, ground: .init(home: Self.homePlace, input: input)))
        defer { engine.shutDown() }
        try MachineFiles.prepare(place)
        var variant = VMVariant()
        variant.diskCache = .writeback
        var condition = Condition()
        condition.variant = variant
        var request = LaunchRequest(
            index: 0, payload: .command(payload), memoryBytes: Self.memory, cpus: Self.processors,
            deadline: .now().advanced(by: limit), condition: condition)
        request.storage = try StorageDisk.copy(home, to: place, for: setup.starter.user)
        let output = try CommandOutput(.exit)
        request.output = output
        let instance = try engine.launch(request)
        let status = Result { () throws(LabError) in try instance.waitForExit(deadline: request.deadline) }
        try instance.dispose()
        if case .failure(let error) = status, error.kind == .interrupted { throw error }
        return End(status: status, output: output.contents(of: .output), lastWords: output.lastWords)
    }
}
