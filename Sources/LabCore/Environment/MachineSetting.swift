import Glibc

/// A switch of the machine that lab may turn, for `--tune` or for an experiment about it, and the value it has: a file
/// of sysfs with one word in it.
///
/// The name in a journal is `PATH=VALUE`. A journal is a file like any other, so what stands there is believed only if
/// it is one of the switches that are turned here, with a plain word: nothing else is ever written.
public struct MachineSetting: Equatable, Sendable {
    /// Below the directory of its tree, for example `cpu0/cpufreq/scaling_governor`.
    public let file: String
    public let value: String
    let tree: Tree

    /// A directory in which switches of ours lie.
    enum Tree: String, CaseIterable {
        /// Frequency and turbo of the processors.
        case processors = "devices/system/cpu"
        /// The merging of pages, see Documentation/admin-guide/mm/ksm.rst in Linux.
        case samepageMerging = "kernel/mm/ksm"
    }

    /// The directory in which the kernel shows its devices.
    public static let systemRoot = "/sys"

    /// Nil for a file that is no switch of ours and for a value that is no plain word.
    init?(_ file: String, in tree: Tree = .processors, value: String) {
        guard Self.isSwitch(file, in: tree), Self.isValue(value, of: file, in: tree) else { return nil }
        self.file = file
        self.value = value
        self.tree = tree
    }

    /// Reads a journal's entry.
    init?(name: String, root: String) {
        guard let tree = Tree.allCases.first(where: { name.hasPrefix(Self.directory(root, $0) + "/") }),
            let equals = name.lastIndex(of: "=")
        else { return nil }
        let file = name[..<equals].dropFirst(Self.directory(root, tree).count + 1)
        self.init(String(file), in: tree, value: String(name[name.index(after: equals)...]))
    }

    static func directory(_ root: String, _ tree: Tree = .processors) -> String { "\(root)/\(tree.rawValue)" }

    func path(_ root: String) -> String { "\(Self.directory(root, tree))/\(file)" }

    /// The entry of a journal.
    func resource(_ root: String) -> JournaledResource {
        JournaledResource(.setting, "\(path(root))=\(value)")
    }

    static let noTurbo = "intel_pstate/no_turbo"
    static let boost = "cpufreq/boost"
    static func governor(of processor: String) -> String { "\(processor)/cpufreq/scaling_governor" }

    /// Switches of merging: on (1) or off (0), the pages that are looked at in one go, and the milliseconds in between.
    static let mergingRuns = "run"
    static let mergingPages = "pages_to_scan"
    static let mergingPause = "sleep_millisecs"

    private static func isSwitch(_ file: String, in tree: Tree) -> Bool {
        if tree == .samepageMerging { return [mergingRuns, mergingPages, mergingPause].contains(file) }
        if file == noTurbo || file == boost { return true }
        guard let slash = file.firstIndex(of: "/") else { return false }
        let processor = String(file[..<slash])
        return isProcessor(processor) && file == governor(of: processor)
    }

    /// `cpu0`, `cpu17`: a directory of one processor.
    static func isProcessor(_ name: String) -> Bool {
        let number = name.dropFirst(3)
        return name.hasPrefix("cpu") && (1...5).contains(number.utf8.count)
            && number.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Turbo is on or off, merging has three states, its pace is a number; which governors there are only the kernel knows,
    /// and it takes no other word.
    private static func isValue(_ value: String, of file: String, in tree: Tree) -> Bool {
        switch (tree, file) {
        case (.processors, noTurbo), (.processors, boost): ["0", "1"].contains(value)
        case (.samepageMerging, mergingRuns): ["0", "1", "2"].contains(value)
        case (.samepageMerging, _):
            (1...10).contains(value.utf8.count) && value.utf8.allSatisfy { (0x30...0x39).contains($0) }
        case (.processors, _): isWord(value)
        }
    }

    private static func isWord(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x5f || $0 == 0x2d
            }
    }

    /// The switch's value now; nil when it is not there.
    func current(_ root: String) -> String? { Files.line(path(root)) }

    /// Turns the switch to the value, if it has another.
    /// - Throws: `.data` when a link leads out of the tree or the switch is no file; `.permission` or `.output` when the
    ///   kernel refuses.
    func apply(_ root: String) throws(LabError) {
        let resolved = try resolved(root)
        guard let resolved, current(root) != value else { return }
        do {
            // Links were followed above; none may have come since.
            let file = try FileDescriptor.open(resolved, O_WRONLY | O_TRUNC | O_NOFOLLOW)
            try file.writeAll("\(value)\n".utf8)
        } catch {
            let isDenied = error == Errno(EACCES) || error == Errno(EPERM)
            throw LabError(
                isDenied ? .permission : .output, "cannot set \(path(root)) to \(value)", cause: "\(error)",
                remedy: isDenied ? "run lab as root" : nil)
        }
    }

    /// The switch's file with links followed: the kernel's own tree has some (`cpu0/cpufreq` leads to a policy that
    /// several processors share), but none that lead out of it. Nil when it is gone, with a processor that was taken off.
    private func resolved(_ root: String) throws(LabError) -> String? {
        let target: String
        do {
            target = try Files.realPath(path(root))
        } catch {
            if error == Errno(ENOENT) || error == Errno(ENOTDIR) { return nil }
            throw LabError(.input, "cannot find \(path(root))", cause: "\(error)")
        }
        guard let directory = try? Files.realPath(Self.directory(root, tree)),
            target.hasPrefix(directory + "/")
        else {
            throw LabError(
                .data, "\(path(root)) is not set",
                cause: "it is a link that leads out of \(Self.directory(root, tree))")
        }
        var status = stat()
        guard lstat(target, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw LabError(.data, "\(path(root)) is not set", cause: "it is not a regular file")
        }
        return target
    }

    /// Puts back what a journal names.
    /// - Throws: `.data` for anything but a switch of ours, and then nothing was written.
    public static func putBack(_ name: String, root: String = systemRoot) throws(LabError) {
        guard let setting = MachineSetting(name: name, root: root) else {
            throw LabError(
                .data, "a journal names the setting \"\(name)\", which lab never changes",
                remedy: "look into the journal, then delete it")
        }
        try setting.apply(root)
    }
}
