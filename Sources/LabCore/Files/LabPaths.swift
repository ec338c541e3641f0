import Glibc

/// Where `lab` keeps its files. Nothing is written anywhere else but in the results directory.
///
/// `LAB_HOME` puts cache and state below one directory; otherwise the XDG base directories are used.
public struct LabPaths: Sendable, Equatable {
    /// What can be made again: kernels, initramfs images, libvirt's capability cache.
    public let cache: String
    /// What must outlive a crash: journals, and the files of running instances.
    public let state: String
    /// What a VM's QEMU opens by name. As root it is a user of its own, who may not enter root's home, wherever
    /// LAB_HOME is: so this is a place where only root makes anything, and everybody may pass.
    public let machines: String

    public init(cache: String, state: String) {
        self.cache = cache
        self.state = state
        machines = geteuid() == 0 ? "/var/lib/lab" : "\(state)/machines"
    }

    /// Where libvirt's driver within this process has its roots: what it finds out about QEMU can be found out again.
    public var libvirtRoots: String { "\(geteuid() == 0 ? machines : cache)/libvirt" }

    public var journals: String { "\(state)/journals" }
    /// Directory of the files of one run's instances; removed with the run.
    public func run(_ runID: String) -> String { "\(state)/runs/\(runID)" }

    /// The paths of this user.
    public static func current(environment: [String: String]) throws(LabError) -> LabPaths {
        if let home = environment["LAB_HOME"], !home.isEmpty {
            guard home.hasPrefix("/") else {
                throw LabError(.usage, "LAB_HOME is \(home)", cause: "it must be an absolute path")
            }
            return LabPaths(cache: "\(home)/cache", state: "\(home)/state")
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw LabError(
                .unavailable, "HOME is not set", remedy: "set HOME or LAB_HOME to a directory of yours")
        }
        func base(_ name: String, _ fallback: String) -> String {
            if let value = environment[name], value.hasPrefix("/") { return value }
            return "\(home)/\(fallback)"
        }
        return LabPaths(
            cache: "\(base("XDG_CACHE_HOME", ".cache"))/lab",
            state: "\(base("XDG_STATE_HOME", ".local/state"))/lab")
    }
}
