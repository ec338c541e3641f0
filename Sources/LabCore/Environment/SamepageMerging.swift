import Glibc

/// The kernel's merging of pages that are alike (KSM), turned on or off for an experiment. It merges anonymous pages
/// only, of programs that ask for it, as QEMU does for its guests' memory; and it needs time. See
/// Documentation/admin-guide/mm/ksm.rst in Linux.
public final class SamepageMerging: Sendable {
    private let old: [MachineSetting]
    private let root: String
    /// Held until it is put back: of two that turn it at once, the second would put back what the first had set.
    private let turn: FileDescriptor

    private init(old: [MachineSetting], root: String, turn: consuming FileDescriptor) {
        self.old = old
        self.root = root
        self.turn = turn
    }

    /// As fast as it goes without starving all else: 40 MiB each 10 ms at most.
    private static let pagesAtOnce = "10000"
    private static let pauseMilliseconds = "10"

    /// Turns it on or off. The old values are in the journal before.
    /// - Parameter root: where sysfs is mounted; another one than `/sys` is for tests.
    /// - Throws: `.unavailable` on a kernel without it, and while another run has turned it; `.permission` without root.
    public static func turn(
        on: Bool, journal: RunJournal, root: String = MachineSetting.systemRoot
    ) throws(LabError) -> SamepageMerging {
        let turn = try takeTurn(root)
        var old: [MachineSetting] = []
        var new: [MachineSetting] = []
        var wanted = [(MachineSetting.mergingRuns, on ? "1" : "0")]
        if on {
            wanted.insert((MachineSetting.mergingPages, pagesAtOnce), at: 0)
            wanted.insert((MachineSetting.mergingPause, pauseMilliseconds), at: 0)
        }
        for (file, value) in wanted {
            let path = "\(MachineSetting.directory(root, .samepageMerging))/\(file)"
            guard let line = Files.line(path),
                let before = MachineSetting(file, in: .samepageMerging, value: line),
                let after = MachineSetting(file, in: .samepageMerging, value: value)
            else {
                throw LabError(
                    .unavailable, "pages can't be merged here", cause: "\(path) is not there",
                    remedy: "use a kernel with CONFIG_KSM")
            }
            guard before != after else { continue }
            old.append(before)
            new.append(after)
        }
        for setting in old { try journal.record(setting.resource(root)) }
        let merging = SamepageMerging(old: old, root: root, turn: turn)
        do throws(LabError) {
            for setting in new { try setting.apply(root) }
        } catch {
            try? merging.putBack()
            throw error
        }
        return merging
    }

    private static func takeTurn(_ root: String) throws(LabError) -> FileDescriptor {
        let path = "\(MachineSetting.directory(root, .samepageMerging))/\(MachineSetting.mergingRuns)"
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(path, O_RDONLY)
        } catch {
            throw LabError(
                .unavailable, "pages can't be merged here", cause: "\(path) is not there",
                remedy: "use a kernel with CONFIG_KSM")
        }
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            throw LabError(
                .unavailable, "pages can't be merged now",
                cause: "another run of lab has turned their merging",
                remedy: "wait until it has ended")
        }
        return file
    }

    /// Puts everything back as it was; then others may turn it.
    public func putBack() throws(LabError) {
        for setting in old.reversed() { try setting.apply(root) }
        flock(turn.rawValue, LOCK_UN)
    }

    /// Bytes that it saves now, of all programs: `pages_sharing`, how many more sites share a page than there are pages.
    public var savedBytes: UInt64? {
        number("pages_sharing").flatMap { $0.times(UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))) }
    }

    /// The number of scans of all memory that may be merged, since the machine started. A page is merged when it was
    /// found unchanged twice.
    public var fullScans: UInt64? { number("full_scans") }

    private func number(_ file: String) -> UInt64? {
        Files.line("\(MachineSetting.directory(root, .samepageMerging))/\(file)").flatMap { UInt64($0) }
    }
}
