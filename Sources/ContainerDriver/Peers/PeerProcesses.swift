import Glibc
import LabCore

/// Finds the processes of an instance that are not our descendants.
enum PeerProcesses {
    /// The processes that carry one of `markers` in their command line or in the name of their cgroup. One that has
    /// ended and waits to be reaped has no command line any more and is not among them.
    static func carrying(_ markers: [String]) -> [HostProcess] {
        HostProcess.all.filter { $0.pid != getpid() && isMarked($0, markers) }
    }

    private static func isMarked(_ process: HostProcess, _ markers: [String]) -> Bool {
        guard let words = process.commandLine, words.first?.isEmpty == false else { return false }
        return markers.contains { marker in
            words.contains { $0.contains(marker) } || process.cgroups.contains { $0.contains(marker) }
        }
    }

    /// Kills a process of `carrying`, unless its pid has become another's since.
    static func end(_ process: HostProcess, carrying markers: [String]) {
        process.end { isMarked($0, markers) }
    }
}
