import Glibc
import LabCore

// A container that is stopped whole and goes on.
extension Cgroups {
    private var freezer: CgroupPlace? {
        places.first { $0.hierarchy.controllers.contains("freezer") } ?? unified
    }

    var isFrozen: Bool {
        guard let freezer else { return false }
        if freezer.hierarchy.isUnified { return Files.line("\(freezer.directory)/cgroup.freeze") == "1" }
        return ["FROZEN", "FREEZING"].contains(Files.line("\(freezer.directory)/freezer.state"))
    }

    /// Thaws the freezer of version 1 that a process is in, whosever that is.
    static func thaw(_ process: pid_t) {
        let hierarchy = CgroupHierarchy.all.first { $0.controllers.contains("freezer") }
        guard let directory = hierarchy?.directory(of: process) else { return }
        try? Files.overwrite("THAWED", at: "\(directory)/freezer.state")
    }

    func freeze(_ isFrozen: Bool) throws {
        guard let freezer else { throw Failure("cannot pause without a freezer cgroup") }
        let isUnified = freezer.hierarchy.isUnified
        let file = "\(freezer.directory)/\(isUnified ? "cgroup.freeze" : "freezer.state")"
        do {
            try Files.overwrite(
                isUnified ? (isFrozen ? "1" : "0") : (isFrozen ? "FROZEN" : "THAWED"), at: file)
        } catch { throw Failure("unable to freeze: write \(file)", error) }
        for _ in 0..<1_000 {
            let now =
                isUnified
                ? (try? Files.readText("\(freezer.directory)/cgroup.events"))?.contains(
                    isFrozen ? "frozen 1" : "frozen 0") == true
                : Files.line(file) == (isFrozen ? "FROZEN" : "THAWED")
            if now { return }
            // Who forks meanwhile is caught by another write.
            if !isUnified && isFrozen { try? Files.overwrite("FROZEN", at: file) }
            usleep(1_000)
        }
        throw Failure("unable to freeze")
    }
}
