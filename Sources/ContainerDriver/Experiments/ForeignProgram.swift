import Glibc
import LabCore

/// `foreign-program`: whether programs that were made for another system run on this kernel: one of each sort is put
/// where lab-guest is, and started.
///
/// The oracle is the executor, which writes down the failed step and its errno before anybody else can.
struct ForeignProgram: Experiment {
    let id = "foreign-program"

    /// The least that another system's kernel takes for a program.
    struct Format: Sendable {
        /// The name of the fact.
        let fact: String
        let bytes: [UInt8]
    }

    static let formats: [Format] = [
        // An ELF header, elf(5): 64 bits, little-endian, an executable for EM_AARCH64 (183).
        Format(
            fact: "elf-aarch64",
            bytes: [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + zeros(9) + [2, 0, 183, 0, 1, 0, 0, 0] + zeros(40)),
        // Windows: the DOS header `MZ`, whose word at 0x3c leads to the header `PE\0\0` of a program for x86-64.
        Format(
            fact: "pe-windows",
            bytes: [0x4d, 0x5a] + zeros(58) + [0x40, 0, 0, 0] + [0x50, 0x45, 0, 0, 0x64, 0x86] + zeros(64)),
        // macOS: MH_MAGIC_64, then CPU_TYPE_X86_64 and MH_EXECUTE, mach-o/loader.h.
        Format(
            fact: "mach-o-macos",
            bytes: [0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1, 3, 0, 0, 0, 2, 0, 0, 0] + zeros(64)),
        // A sector that a PC boots from: `hlt` and the signature.
        Format(fact: "boot-sector", bytes: [0xf4, 0xeb, 0xfd] + zeros(507) + [0x55, 0xaa]),
    ]

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        // That the arrangement itself works is shown by the program that was made for this system.
        let own = try Files.read(bench.context.rootFilesystem.hostGuestPath)
        guard try outcome(of: own, on: engine, bench) == .ran else {
            throw LabError(.software, "not even the native program runs where foreign ones were to be tried")
        }
        var finding = Finding()
        var running = 0
        let handlers = Self.handlers
        for format in Self.formats {
            let outcome = try outcome(of: format.bytes, on: engine, bench)
            let answer: Message
            switch outcome {
            case .ran:
                running += 1
                answer = "runs"
            case .refused(let errno): answer = "\(errno.name)"
            }
            finding.note(
                format.fact, outcome == .ran, answer: answer,
                mechanism: outcome == .ran ? Mechanism.none : .hostKernel,
                evidence: handlers.isEmpty ? "execve" : "execve; binfmt_misc: \(handlers)")
        }
        finding.values["foreign-running-count"] = Double(running)
        return finding
    }

    private enum Outcome: Equatable {
        case ran
        /// By execve.
        case refused(Errno)
    }

    /// Starts `program` in an engine of the same sort whose root holds it in lab-guest's place.
    private func outcome(
        of program: [UInt8], on engine: any PreparedEngine, _ bench: Bench
    ) throws(LabError) -> Outcome {
        let request = bench.request(.idle)
        let runID = "\(bench.context.runID)-\(request.index)"
        let directory = bench.context.paths.run(runID)
        try bench.context.journal.record(JournaledResource(.directory, directory))
        defer { try? Files.removeTree(directory) }
        try Files.makeDirectory(directory, mode: 0o700)
        // For this start alone: nobody looks for it by its digest. The run's `root` is where the engine mounts its own.
        let root = RootFilesystem(directory: "\(directory)/foreign", digest: "", guestDigest: "")
        try RootFilesystem.make(program, at: root.directory)
        let other = try Self.another(engine).prepare(
            RunContext(
                runID: runID, paths: bench.context.paths, journal: bench.context.journal,
                rootFilesystem: root, interrupt: bench.context.interrupt, placement: bench.context.placement))
        defer { other.shutDown() }
        let instance: any Instance
        do {
            instance = try other.launch(request)
        } catch {
            // For want of memory or processes execve refuses any program.
            guard case .notExecuted(let errno)? = error.detail, error.stop == nil else { throw error }
            return .refused(Errno(errno))
        }
        bench.dispose(instance)
        return .ran
    }

    private static func another(_ engine: any PreparedEngine) throws(LabError) -> any Engine {
        switch engine {
        case is PreparedProcess: return ProcessEngine()
        case is PreparedContainer: return ContainerEngine()
        default:
            throw LabError(
                .unavailable, "\(engine.id) can't be given another program",
                cause: "only the engines process and container tell which step of a start failed")
        }
    }

    /// The handlers that the host has set up to run foreign programs after all, binfmt_misc in
    /// Documentation/admin-guide/binfmt-misc.rst of Linux.
    private static var handlers: String {
        Files.list("/proc/sys/fs/binfmt_misc").filter { $0 != "register" && $0 != "status" }.sorted()
            .joined(separator: ", ")
    }
}
