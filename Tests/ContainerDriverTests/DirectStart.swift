import CLinux
import Foundation
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore
@testable import Launch
@testable import OCI

/// A directory that is gone after `body`, with lab-guest in it and nothing else.
func withBareRoot(_ body: (String) throws -> Void) throws {
    let directory = "/tmp/lab-bare-root-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    defer { try? Files.removeTree(directory) }
    let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
    try Files.makeDirectory(directory)
    try Files.write(try Files.read(guest), to: "\(directory)/lab-guest", mode: 0o755)
    try body(directory)
}

/// Starts the launch program of a container without cgroups as `change` alters it, with an idle init.
func startProgram(
    root: String, _ isolation: Isolation, inheritsAll: Bool = false,
    change: (inout LaunchProgram) -> Void
) throws(LabError) -> ChildInstance {
    let place = "/tmp/lab-stage-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try Files.makeDirectory(place)
    defer { rmdir(place) }
    let launcher = try ChildLauncher()
    let layers = isolation.subtracting([.limits, .cgroupNamespace, .seccomp])
    var program = try LaunchProgram.container(
        ContainerSpec(
            oci: .container(layers, root: root, hostname: "test"), program: RootFilesystem.guestPath,
            mountPoint: place, inheritsAll: inheritsAll, parent: launcher.parent.rawValue))
    change(&program)
    return try launcher.start(
        ProgramBuffer(program, environment: ChildLauncher.environment),
        arguments: Workload.idle.commandLine, cgroup: -1, joins: [], interrupt: .never)
}

/// Starts it, hands its init to `body` and ends it.
func withProgram(
    root: String, _ isolation: Isolation = isRoot ? .standard : .rootless,
    inheritsAll: Bool = false, change: (inout LaunchProgram) -> Void = { _ in },
    _ body: (ChildInstance) throws -> Void
) throws {
    let child = try startProgram(root: root, isolation, inheritsAll: inheritsAll, change: change)
    defer { try? child.dispose() }
    try body(child)
}

/// The effective capabilities of this process: not even root has all of them everywhere.
func ownCapabilities() throws -> UInt64 { try #require(UInt64(try status(getpid(), "CapEff"), radix: 16)) }

/// Runs `body` on a thread whose root is that of a process: links and `..` lead where they lead there.
func inRoot<Value>(of pid: pid_t, _ body: @escaping () throws(LabError) -> Value) throws -> Value {
    try OSThread.run { () throws(LabError) in
        try SeparateThread.kernel("unshare the root") { clinux_unshare(0x200) }  // CLONE_FS
        try SeparateThread.kernel("enter the root of \(pid)") { chroot("/proc/\(pid)/root") }
        try SeparateThread.kernel("go to the root") { chdir("/") }
        return try body()
    }
}

/// The mounts of a process in order, with what does not differ from one container to the next: the part of the file
/// system that is mounted, where, its flags and its type.
func mounts(of pid: pid_t) throws -> [String] {
    try Files.readText("/proc/\(pid)/mountinfo").split(separator: "\n").map { line in
        let words = line.split(separator: " ")
        let type = words.firstIndex(of: "-").map { words[$0 + 1] } ?? ""
        return "\(words[3]) \(words[4]) \(words[5]) \(type)"
    }
}

/// Where a process could open the host's core_pattern for writing, if only in its root: nowhere in a container. Nothing
/// is written.
func writableKernelFiles(_ pid: pid_t) throws -> [String] {
    try inRoot(of: pid) { () throws(LabError) in
        let places = ["", "/..", "/proc", "/proc/..", "/sys", "/dev", "/dev/pts", "/dev/shm", "/proc/sys"]
        return places.flatMap { place in
            ["/sys/kernel/core_pattern", "/kernel/core_pattern", "/core_pattern"].map { place + $0 }
        }.filter { path in
            let file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
            if file >= 0 { close(file) }
            return file >= 0
        }
    }
}
