import Glibc

/// The places where `lab` keeps its files. Nothing is written anywhere else but in the results directory.
///
/// `LAB_HOME` puts cache and state below one directory; otherwise the XDG base directories are used.
public struct LabPaths: Sendable, Equatable {
    /// Files that can be made again: kernels, initramfs images, libvirt's capability cache.
    public let cache: String
    /// Files that must outlive a crash: journals, and those of running instances.
    public let state: String
    /// Files that a VM's QEMU opens by name. As root it is a user of its own, who may not enter root's home, wherever
    /// LAB_HOME is: so this is a place where only root makes anything, and everybody may pass.
    public let machines: String

    public init(cache: String, state: String) {
        self.cache = cache
        self.state = state
        machines = geteuid() == 0 ? "/var/lib/lab" : "\(state)/machines"
    }

    /// The roots of libvirt's driver within this process: what it finds out about QEMU can be found out again.
    public var libvirtRoots: String { "\(geteuid() == 0 ? machines : cache)/libvirt" }

    /// What earlier runs learned of the time that trials take, see `TrialCosts`.
    public var costs: String { "\(cache)/costs.json" }

    public var journals: String { "\(state)/journals" }
    /// Directory of the files of one run's instances; removed with the run.
    public func run(_ runID: String) -> String { "\(state)/runs/\(runID)" }

    /// The paths of this user, which nobody else can have written to: what lies there is run, booted and replayed with
    /// all that this process may do.
    /// - Throws: `.permission` when they, or the way to them, are another user's or can be changed by others.
    public static func own(environment: [String: String]) throws(LabError) -> LabPaths {
        let paths = try current(environment: environment)
        for path in [paths.state, paths.cache, paths.machines] {
            guard let directory = try OwnDirectory.open(path) else { continue }
            // Copied or given here by root, they may still be somebody else's.
            for name in try directory.names() {
                let inner =
                    "\(path)/\(String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))"
                if Files.isDirectory(inner) { _ = try OwnDirectory.open(inner) }
            }
        }
        return paths
    }

    /// The paths that the environment names.
    /// - Throws: `.usage` for what can't be written down in a journal, or is too long for a path.
    public static func current(environment: [String: String]) throws(LabError) -> LabPaths {
        for name in ["LAB_HOME", "HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
            guard let value = environment[name] else { continue }
            // A path that was no UTF-8 was repaired on the way here, and is another one now.
            guard
                !value.unicodeScalars.contains(where: {
                    $0.properties.generalCategory == .control || $0 == "\u{fffd}"
                })
            else {
                throw LabError(
                    .usage, "\(name) is \(RunPlaces.shown(value))",
                    cause: "a path of lab's holds no control character and is UTF-8")
            }
            guard value.utf8.count <= longest else {
                throw LabError(
                    .usage, "\(name) is too long",
                    cause: "it has \(value.utf8.count) bytes, and at most \(longest) are a path of lab's")
            }
        }
        if let home = environment["LAB_HOME"], !home.isEmpty {
            guard home.hasPrefix("/") else {
                throw LabError(.usage, "LAB_HOME is \(home)", cause: "it must be an absolute path")
            }
            return LabPaths(cache: "\(plain(home))/cache", state: "\(plain(home))/state")
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw LabError(
                .unavailable, "HOME is not set", remedy: "set HOME or LAB_HOME to a directory of yours")
        }
        func base(_ name: String, _ fallback: String) -> String {
            if let value = environment[name], value.hasPrefix("/") { return plain(value) }
            return "\(plain(home))/\(fallback)"
        }
        return LabPaths(
            cache: "\(base("XDG_CACHE_HOME", ".cache"))/lab",
            state: "\(base("XDG_STATE_HOME", ".local/state"))/lab")
    }

    /// PATH_MAX, without the longest name that is made below.
    private static let longest = 3_072

    /// Without the slashes that mean nothing.
    private static func plain(_ path: String) -> String {
        path.split(separator: "/").reduce(into: "") { $0 += "/\($1)" }
    }
}
