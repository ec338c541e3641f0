import CLinux
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore
@testable import Launch

@Suite("kernel files", .enabled(if: obstacle == nil, "skipped: no container can be started on this machine"))
struct KernelFilesTests {
    /// Those that this kernel has.
    private let masked = KernelFiles.containerDefault.maskedPaths.filter(Files.exists)
    private let readOnly = KernelFiles.containerDefault.readOnly.filter(Files.exists)

    /// The paths that ought to be covered in a container, and are not.
    private func uncovered(_ pid: pid_t) throws -> [String] {
        let table = try mounts(of: pid).map { $0.split(separator: " ") }
        return (masked + readOnly).filter { path in
            !table.contains { $0[1] == path && $0[2].hasPrefix("ro,") }
        }
    }

    @Test("Everything in the list that the kernel has is covered, and what is masked is empty")
    func allAreCovered() throws {
        try #require(masked.contains("/proc/kcore") || masked.contains("/proc/keys"))
        try withBareRoot { (root) throws in
            try withProgram(root: root) { (child) throws in
                #expect(try uncovered(child.pid) == [])
                let masked = masked
                let contents = try inRoot(of: child.pid) { () throws(LabError) in
                    masked.map { path in
                        Files.isDirectory(path)
                            ? Files.list(path).count : ((try? Files.read(path))?.count ?? -1)
                    }
                }
                #expect(contents.allSatisfy { $0 == 0 })
            }
        }
    }

    @Test("A step of the masks passes over nothing but a path that is not there")
    func onlyMissingIsPassedOver() throws {
        try withBareRoot { (root) throws in
            try withProgram(root: root) { program in
                let steps = program.steps.filter { step in
                    KernelFiles.containerDefault.masked.contains { step.name.english == "mask \($0)" }
                        || KernelFiles.containerDefault.readOnly.contains {
                            step.name.english == "read-only \($0)"
                        }
                }
                let files = KernelFiles.containerDefault
                #expect(steps.count == files.masked.count + files.readOnly.count)
                #expect(steps.allSatisfy { $0.tolerates == Errno(ENOENT) })
            } _: { _ in
            }
        }
        // A mask that can't be laid for another reason ends the start.
        let error = #expect(throws: LabError.self) {
            try withBareRoot { (root) throws in
                try withProgram(root: root) { program in
                    for (index, step) in program.steps.enumerated()
                    where step.name.english.hasPrefix("mask /proc/k") {
                        program.steps[index].operation = .mask(
                            "/proc/cpuinfo/x", by: "mask/file", orBy: "mask/directory")
                    }
                } _: { _ in
                }
            }
        }
        #expect(error?.cause?.english.contains("ENOTDIR") == true)
    }

    /// Runs `body` where /proc shows nothing but processes.
    private func withProcessesOnly(_ body: @escaping () throws -> Void) throws {
        let result: Result<Void, any Error> = try SeparateThread.withPrivateMounts { () throws(LabError) in
            try SeparateThread.kernel("mount /proc with subset=pid") {
                mount("proc", "/proc", "proc", 0, "subset=pid")
            }
            return Result { try body() }
        }
        try result.get()
    }

    @Test(
        "What is masked does not depend on what the caller's /proc shows",
        .enabled(if: isRoot, "skipped: mounting /proc needs root"))
    func theCallersProcDecidesNothing() throws {
        try withBareRoot { (root) throws in
            try withProcessesOnly { () throws in
                #expect(!Files.exists("/proc/sys") && !Files.exists("/proc/kcore"))
                try withProgram(root: root) { (child) throws in
                    #expect(try uncovered(child.pid) == [])
                    #expect(try writableKernelFiles(child.pid) == [])
                    #expect(try mounts(of: child.pid).contains { $0.contains(" /dev/mqueue ") })
                }
            }
        }
    }

    @Test(
        "Control: masks that are looked for in the caller's /proc leave core_pattern writable",
        .enabled(if: isRoot, "skipped: mounting /proc needs root"))
    func lookingInTheCallersProcShows() throws {
        try withBareRoot { (root) throws in
            try withProcessesOnly { () throws in
                try withProgram(root: root) { program in
                    program.steps.removeAll { step in
                        (KernelFiles.containerDefault.masked + KernelFiles.containerDefault.readOnly).contains
                        {
                            step.name.english.hasSuffix(" \($0)") && !Files.exists($0)
                        }
                    }
                } _: { (child) throws in
                    #expect(try !uncovered(child.pid).isEmpty)
                    #expect(try writableKernelFiles(child.pid).contains("/proc/sys/kernel/core_pattern"))
                }
            }
        }
    }

    @Test("What counts processors covers the same path of each, and no path where there is none")
    func eachProcessorIsMasked() throws {
        // A stand-in for thermal_throttle, which only processors have that are no virtual ones.
        let topology = "/sys/devices/system/cpu/cpu*/topology"
        let processors = KernelFiles(maskedFiles: [topology], maskedDirectories: [], readOnly: []).maskedPaths
            .filter(Files.exists)
        try #require(!processors.isEmpty)
        for (path, expected) in [(topology, processors), ("/sys/devices/system/cpu/cpu*/none", [])] {
            try withBareRoot { (root) throws in
                try withProgram(root: root) { program in
                    let index = program.steps.firstIndex { $0.name.english == "mask /sys/firmware" } ?? 0
                    program.steps[index].operation = .mask(
                        path, by: "mask/file", orBy: "mask/directory")
                } _: { (child) throws in
                    let covered = try mounts(of: child.pid).map { String($0.split(separator: " ")[1]) }
                        .filter { $0.hasPrefix("/sys/devices/system/cpu/") }
                    #expect(covered == expected)
                }
            }
        }
    }
}

// One after another: without root, a control changes the time of change of the caller's own devices.
@Suite(
    "devices", .serialized,
    .enabled(if: obstacle == nil, "skipped: no container can be started on this machine"))
struct DeviceTests {
    private static let devices = ["null", "zero", "full", "random", "urandom", "tty"]

    /// What of these paths whoever owns them could change, if only in its metadata: each way by which it could.
    private func changes(_ pid: pid_t, _ paths: [String]) throws -> [String] {
        try inRoot(of: pid) { () throws(LabError) in
            paths.flatMap { (path: String) -> [String] in
                var status = stat()
                guard lstat(path, &status) == 0 else { return ["\(path) is missing"] }
                // To what it is already, so that a control changes nothing but the time of the change.
                let ways: [(String, () -> Int32)] = [
                    ("chmod", { chmod(path, status.st_mode & 0o7777) }),
                    ("chown", { chown(path, status.st_uid, status.st_gid) }),
                    ("utimensat", { utimensat(AT_FDCWD, path, [status.st_atim, status.st_mtim], 0) }),
                    ("setxattr", { setxattr(path, "trusted.lab", "", 0, Int32(XATTR_REPLACE)) }),
                ]
                return ways.compactMap { (name: String, change: () -> Int32) -> String? in
                    change() == -1 && errno == EROFS ? nil : "\(name) \(path): \(Errno(errno).name)"
                }
            }
        }
    }

    private var masks: [String] { KernelFiles.containerDefault.maskedPaths.filter(Files.exists) }

    private func hostDevices() -> [String] {
        Self.devices.map { name in
            var status = stat()
            guard lstat("/dev/\(name)", &status) == 0 else { return "\(name) is missing" }
            return "\(name) \(status.st_mode) \(status.st_uid) \(status.st_gid) \(status.st_ctim)"
        }
    }

    private static let isolations = isRoot ? [Isolation.standard, .rootless] : [.rootless]

    @Test(
        "No device, mask or mount of the container's can be changed, not even its mode", arguments: isolations
    )
    func nothingOfTheHostChanges(isolation: Isolation) throws {
        let before = hostDevices()
        let paths = ["/dev", "/proc/sys"] + Self.devices.map { "/dev/\($0)" } + masks
        try withBareRoot { (root) throws in
            try withProgram(root: root, isolation) { (child) throws in
                #expect(try changes(child.pid, paths) == [])
            }
        }
        #expect(hostDevices() == before)
    }

    @Test(
        "Control: without the steps that make them read-only all of it can be changed", arguments: isolations)
    func writableMountsShow(isolation: Isolation) throws {
        let paths = Self.devices.map { "/dev/\($0)" } + masks
        try withBareRoot { (root) throws in
            try withProgram(root: root, isolation) { program in
                let count = program.steps.count
                program.steps.removeAll { step in
                    step.operation.code == CLINUX_MOUNT_FLAGS
                        && ["/dev", "/mask"].contains { step.operation.a?.hasSuffix($0) == true }
                }
                #expect(program.steps.count == count - 2)
            } _: { (child) throws in
                let found = try changes(child.pid, paths)
                for path in paths {
                    for way in ["chmod", "utimensat"] {
                        #expect(found.contains { $0.hasPrefix("\(way) \(path):") } || !isRoot)
                    }
                }
            }
        }
    }

    @Test(
        "The devices are nodes of our own", .enabled(if: isRoot, "skipped: a user may make none"))
    func devicesAreOurs() throws {
        var host = stat()
        try #require(lstat("/dev/null", &host) == 0)
        try withBareRoot { (root) throws in
            try withProgram(root: root, .standard) { (child) throws in
                let table = try mounts(of: child.pid)
                #expect(!table.contains { $0.contains(" /dev/null ") || $0.contains("devtmpfs") })
                for (name, device) in LaunchProgram.devices {
                    var status = stat()
                    #expect(lstat("/proc/\(child.pid)/root/dev/\(name)", &status) == 0)
                    #expect(status.st_mode == S_IFCHR | 0o666 && status.st_uid == 0)
                    #expect(status.st_rdev == gnu_dev_makedev(device.major, device.minor))
                    #expect(status.st_dev != host.st_dev)
                }
            }
        }
    }

    @Test(
        "The devices work: what is written is gone or too much, what is read is zeros or random",
        arguments: isolations)
    func devicesWork(isolation: Isolation) throws {
        try withBareRoot { (root) throws in
            try withProgram(root: root, isolation) { (child) throws in
                let answers = try inRoot(of: child.pid) { () throws(LabError) in
                    Self.devices.map { name in
                        let file = open("/dev/\(name)", O_RDWR | O_CREAT | O_TRUNC | O_NOCTTY, 0o600)
                        guard file >= 0 else { return "\(name) \(Errno(errno).name)" }
                        defer { close(file) }
                        var byte: UInt8 = 1
                        let got = read(file, &byte, 1)
                        let put = write(file, &byte, 1)
                        return "\(name) \(got) \(put < 0 ? Errno(errno).name : "\(put)")"
                    }
                }
                // There is no terminal that a thread of a test could own.
                #expect(
                    answers.dropLast() == [
                        "null 0 1", "zero 1 1", "full 1 ENOSPC", "random 1 1", "urandom 1 1",
                    ])
            }
        }
    }

    @Test(
        "Where the kernel refuses to make a node, the caller's is bound, read-only",
        .enabled(if: isRoot, "skipped: needs root"))
    func withoutTheCapabilityTheyAreBound() throws {
        let before = hostDevices()
        // CAP_MKNOD is number 27, capabilities(7).
        let kept = Capabilities(rawValue: try ownCapabilities() & ~(1 << 27))
        try withBareRoot { (root) throws in
            try withProgram(root: root, .standard) { program in
                program.steps.removeAll { $0.operation.code == CLINUX_CAPABILITIES }
                program.steps.insert(.init("no mknod", .setCapabilities(kept)), at: 0)
            } _: { (child) throws in
                #expect(try mounts(of: child.pid).contains { $0.contains("/null /dev/null ro,") })
                #expect(try changes(child.pid, Self.devices.map { "/dev/\($0)" }) == [])
            }
        }
        #expect(hostDevices() == before)
    }

    @Test("Control and answer: a container's own files can be changed, and the host's do not")
    func ownFilesCanBeChanged() throws {
        try withBareRoot { (root) throws in
            var before = stat()
            try #require(lstat("\(root)/lab-guest", &before) == 0)
            try withProgram(root: root) { (child) throws in
                #expect(try changes(child.pid, ["/lab-guest"]).contains { $0.hasPrefix("chmod") })
            }
            var after = stat()
            try #require(lstat("\(root)/lab-guest", &after) == 0)
            #expect(
                after.st_ctim.tv_nsec == before.st_ctim.tv_nsec && after.st_mode == before.st_mode
                    && after.st_atim.tv_nsec == before.st_atim.tv_nsec)
        }
    }
}
