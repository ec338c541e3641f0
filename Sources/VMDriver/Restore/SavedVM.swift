import Glibc
import LabCore
import Synchronization

/// A VM that was booted once and saved when it waited for an order: what `start=restore` starts from.
///
/// libvirt restores a domain only under the name and the UUID that it was saved with, so that of one image one VM at a
/// time can be restored.
final class SavedVM: Sendable {
    /// The domain's name, the saved one's and the restored ones'.
    let name: String
    let uuid: String
    /// Of mode 0700; holds all of it.
    fileprivate let directory: String
    /// The file, of mode 0600: a guest's whole memory.
    var image: String { "\(directory)/image" }
    private let isTaken = Mutex(false)

    private init(name: String, uuid: String, directory: String) {
        self.name = name
        self.uuid = uuid
        self.directory = directory
    }

    /// The right to restore it, until it goes out of scope.
    final class Claim: Sendable {
        let saved: SavedVM

        fileprivate init(_ saved: SavedVM) { self.saved = saved }

        deinit { saved.isTaken.withLock { $0 = false } }
    }

    /// - Throws: `.unavailable` while another VM is restored from it.
    func claim() throws(LabError) -> Claim {
        let isFree = isTaken.withLock { taken in
            defer { taken = true }
            return !taken
        }
        guard isFree else {
            throw LabError(
                .unavailable, "only one VM at a time can be restored from a saved one",
                cause: "libvirt restores it under the name and the UUID that it was saved with",
                remedy: "start one after the other")
        }
        return Claim(self)
    }

    /// The time that the boot may take; ten times as long as it does here.
    private static let bootLimit = Duration.seconds(40)
    private static let saveLimit = Duration.seconds(60)

    /// Boots a VM, and saves it when its guest waits.
    /// - Parameter description: makes the VM of that place and UUID.
    /// - Parameter directory: is made here and holds all of it but the FIFOs of the boot; journaled by then.
    /// - Throws: `.unavailable` where libvirt can't save; then nothing is left.
    static func make(
        in directory: String, at place: VMPlace, by starter: any RestoringStarter, journal: RunJournal,
        _ description: (VMPlace, String) throws(LabError) -> DomainDescription
    ) throws(LabError) -> SavedVM {
        try journal.record(JournaledResource(.directory, directory))
        do throws(LabError) {
            try Files.makeDirectory(directory, mode: 0o700)
            let saved = SavedVM(name: place.name, uuid: randomUUID(), directory: directory)
            let began = MonotonicInstant.now()
            let deadline = began.advanced(by: bootLimit * Emulator.patience)
            let instance = try VMInstance.start(
                try description(place, saved.uuid), by: starter, at: place, requested: began,
                deadline: deadline, journal: journal)
            let result = Result { () throws(LabError) in
                try instance.waitUntilReady(deadline: deadline)
                try instance.save(
                    to: saved.image, deadline: .now().advanced(by: saveLimit * Emulator.patience))
            }
            try instance.dispose()
            try result.get()
            return saved
        } catch {
            try? Files.removeTree(directory)
            throw error
        }
    }

    /// A random one, RFC 9562, section 5.4.
    private static func randomUUID() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }
}

/// The saved VMs of one run, each made when it is first asked for; the second time it costs nothing.
final class SavedVMs: Sendable {
    private let context: RunContext
    private let prefix: String
    private let made = Mutex<[Kind: Result<SavedVM, LabError>]>([:])

    /// The parts and the size of the machine, which tell images apart.
    private struct Kind: Hashable {
        var variant: VMVariant?
        /// Told to the guest before it is saved.
        var count: Condition.Counted?
        var memoryBytes: UInt64
        var cpus: Int
    }

    /// - Parameter engine: whose they are: part of every name.
    init(_ context: RunContext, engine: EngineID) {
        self.context = context
        prefix = "\(engine)-saved"
    }

    /// The one that a request is to be restored from.
    ///
    /// That it can't be made at all is kept and said again; a boot that failed otherwise is tried again.
    func of(_ request: LaunchRequest, _ setup: VMSetup) throws(LabError) -> SavedVM {
        let kind = Kind(
            variant: request.condition.variant, count: request.condition.count,
            memoryBytes: request.memoryBytes, cpus: request.cpus)
        return try made.withLock { (made) throws(LabError) in
            if let known = made[kind] { return try known.get() }
            let starter = try setup.restoringStarter()
            let number = made.count
            let answer = Result { () throws(LabError) in
                let name = "lab-\(context.runID)-saved-\(number)"
                return try SavedVM.make(
                    in: "\(context.paths.run(context.runID))/\(prefix)-\(number)",
                    at: VMPlace(name: name, directory: "\(context.paths.machines)/\(name)"), by: starter,
                    journal: context.journal
                ) { (place, uuid) throws(LabError) in
                    try setup.description(of: place, request, uuid: uuid)
                }
            }
            if case .failure(let error) = answer, error.kind != .unavailable { throw error }
            made[kind] = answer
            return try answer.get()
        }
    }

    /// Removes the files; none of the VMs may be restored any more.
    func remove() {
        made.withLock { made in
            for case .success(let saved) in made.values {
                try? Files.removeTree(saved.directory)
            }
            made = [:]
        }
    }
}
