import Artifacts
import Glibc
import LabCore
import Texts

/// The basis of a run: its id, its journal, its directory and the root file system of every engine.
///
/// `close` must be called, whatever happens between.
final class Workspace {
    let context: RunContext
    private let says: CleanText
    private let cleaner: Cleaner

    /// Replays the journals of dead runs, warns of living ones, and starts a journal of its own.
    /// - Parameters:
    ///   - mayFetch: whether the user lets the run use the network.
    ///   - placement: see `RunContext`.
    ///   - connection: the libvirt URI that the user names.
    ///   - warn: told what was found.
    static func open(
        time: UTCTime, interrupt: Interrupt, mayFetch: Bool = false, placement: Placement? = nil,
        connection: String? = nil, text: Language,
        warn: (String, _ remedy: Message?) -> Void
    ) throws(LabError) -> Workspace {
        let paths = try LabPaths.own(environment: Process.environment)
        let cleaner = Removers.cleaner(paths, connection: connection)
        let cleaned = try cleaner.cleanAbandoned(in: paths)
        let says = CleanText(text: text)
        for run in cleaned.runs { warn(text.say("the run \(run) had died; what it left was removed"), nil) }
        for setting in cleaned.removed where setting.kind == .setting { warn(says.done(setting), nil) }
        for failure in cleaned.failures { warn(says.left(failure), failure.error.remedy) }
        for error in cleaned.refused { warn(text.say(error.reason), error.remedy) }

        let guest = try RootFilesystem.locateGuest(environment: Process.environment)
        let root = try RootFilesystem.minimal(guest: guest, paths: paths)
        // Two runs of one second differ in the last part; the lock of the journal settles the rest.
        let runID = "\(time.compact.dropLast())-\(String(UInt16.random(in: 0x1000...0xffff), radix: 16))"
        let journal = try RunJournal(runID: runID, paths: paths)
        // Journaled first, so that it is removed last.
        do {
            try journal.record(JournaledResource(.directory, paths.run(runID)))
            try Files.makeDirectory(paths.run(runID), mode: 0o700)
        } catch {
            journal.finish()
            throw error
        }
        return Workspace(
            RunContext(
                runID: runID, paths: paths, journal: journal, rootFilesystem: root, interrupt: interrupt,
                mayFetch: mayFetch, placement: placement),
            says, cleaner)
    }

    private init(_ context: RunContext, _ says: CleanText, _ cleaner: Cleaner) {
        self.context = context
        self.says = says
        self.cleaner = cleaner
    }

    /// Other runs that are alive now: they disturb what is measured.
    var otherRuns: [String] { RunJournal.living(in: context.paths).filter { $0 != context.runID } }

    /// Removes the run's directory and its journal, and puts the machine's settings back.
    /// - Parameter leftovers: whether something may be left that the journal knows of; then all of it is replayed.
    func close(leftovers: Bool, warn: (String, _ remedy: Message?) -> Void) {
        do {
            let recorded = try context.journal.recorded()
            let left = leftovers ? recorded : recorded.filter { $0.kind == .setting }
            let failures = cleaner.remove(left, of: try RunPlaces(context.runID, context.paths)).failures
            for failure in failures { warn(says.left(failure), failure.error.remedy) }
            if !leftovers { try Files.removeTree(context.paths.run(context.runID)) }
            if !failures.isEmpty { return }
            context.journal.finish()
        } catch {
            // The journal stays, so that `lab clean` finds what is left.
            warn(says.text.say(error.reason), "lab clean")
        }
    }
}
