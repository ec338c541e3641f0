import Glibc
import LabCore
import Testing

@testable import ContainerDriver

/// Which cgroups are removed because a journal names them.
@Suite(
    .serialized, .enabled(if: geteuid() == 0, "skipped: without root there is no place for cgroups"))
struct JournaledCgroupTests {
    private let run: RunPlaces
    private let home: String

    init() throws {
        home = "/tmp/lab-cgroup-tests-\(UInt32.random(in: 0 ... .max))"
        let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
        run = try RunPlaces("t\(UInt32.random(in: 0 ... .max))", paths)
    }

    private func withSleeper(_ body: (pid_t) throws -> Void) throws {
        let words: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        try #require(posix_spawn(&child, "/bin/sleep", nil, nil, words, environ) == 0)
        defer {
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
        }
        try body(child)
    }

    private func isAlive(_ pid: pid_t) -> Bool { waitpid(pid, nil, WNOHANG) == 0 }

    @Test("A directory that only looks like a cgroup kills nobody; who believes it does")
    func aFalseCgroupKillsNobody() throws {
        try withSleeper { pid in
            let impostor = "\(home)/lab-\(run.runID)-x"
            try Files.makeDirectory(impostor)
            defer { try? Files.removeTree(home) }
            try Files.write("\(pid)\n", to: "\(impostor)/cgroup.procs")
            for name in [impostor, "/sys/fs/cgroup/../../..\(impostor)", "/proc/self/root\(impostor)"] {
                let error = #expect(throws: LabError.self) { try CgroupTree.remove(name, of: run) }
                #expect(error?.kind == .data, "\(name)")
            }
            #expect(isAlive(pid))
            #expect(throws: LabError.self) { try CgroupTree.remove(impostor) }
            #expect(!isAlive(pid), "the control: without the bounds the process is killed")
        }
    }

    @Test("A cgroup of the run's goes with what is in it; another's and the hierarchy's own stay")
    func onlyTheRunsOwnGoes() throws {
        let hierarchy = try #require(CgroupMounts.current().hierarchies.first)
        let ground = try CgroupDelegation.ground(hierarchy.version, at: hierarchy.mountPoint)
        let other = "\(ground)/lab-\(run.runID)0-other"
        let own = "\(ground)/lab-\(run.runID)-own"
        for directory in [other, own] { try CgroupTree.make(directory) }
        defer { for directory in [other, own] { try? CgroupTree.remove(directory) } }
        try withSleeper { pid in
            try ControlFile.write("\(pid)", to: "\(other)/cgroup.procs")
            for name in [
                other, ground, "\(ground)/", hierarchy.mountPoint,
                "\(own)/../\(other.split(separator: "/").last ?? "")",
                "\(own)/.", "\(own)/", "lab-\(run.runID)-own", "",
            ] {
                let error = #expect(throws: LabError.self) { try CgroupTree.remove(name, of: run) }
                #expect(error?.kind == .data, "\(name)")
            }
            #expect(isAlive(pid) && Files.isDirectory(other) && Files.isDirectory(own))
        }
        try withSleeper { pid in
            try ControlFile.write("\(pid)", to: "\(own)/cgroup.procs")
            try CgroupTree.remove(own, of: run)
            #expect(!isAlive(pid) && !Files.exists(own))
            // That it is gone is no error.
            try CgroupTree.remove(own, of: run)
        }
    }
}
