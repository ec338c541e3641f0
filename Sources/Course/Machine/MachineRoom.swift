import ContainerDriver
import Glibc
import LabCore

/// A room in which libvirt runs one machine after the other, without a daemon: virt-qemu-run(1). It is nobody's root there either, as for
/// root libvirt would be somebody else. Its QEMU emulates, since nothing of the host's /dev/kvm is there.
struct MachineRoom {
    let room: Room
    /// The file, in /tmp, to which the machine's serial port is written.
    let console: String

    /// All but the last one have a clock that counts instructions.
    enum Run: String {
        case usual, counted, plain
    }

    private static let directory = "vm"
    static let emulator = "/vm/emulator"
    private static let programs = [
        ("virt-qemu-run", "libvirt-daemon libvirt-daemon-driver-qemu"),
        (qemu, "qemu-system-x86"),
    ]

    static let qemu = "qemu-system-x86_64"

    /// - Parameter only: the one that is needed; nil for both.
    /// - Throws: `.unavailable` where libvirt or QEMU is not installed.
    static func requirePrograms(_ only: String? = nil) throws(LabError) {
        for (program, package) in programs
        where (only == nil || only == program) && Tool.find(program) == nil {
            throw LabError(
                .unavailable, "\(program) is not installed", cause: "it is not in PATH",
                remedy: "apt-get install \(package)", detail: .notInstalled)
        }
    }

    /// What libvirt reads of the host's, too, when it sets a machine's processors.
    static let binds: [RoomRequest.Bind] = [
        .init(directory, at: "/vm"), .init("/sys/devices/system/cpu", at: "/sys/devices/system/cpu"),
    ]

    /// Lays a disk and libvirt's configuration into a room's files.
    static func furnish(_ directory: String, disk: [UInt8]) throws(LabError) {
        let place = "\(directory)/\(Self.directory)"
        try Files.makeDirectory(place)
        try Files.write(disk, to: "\(place)/disk")
        try Files.write(configuration, to: "\(place)/qemu.conf")
        try Files.write(emulatorScript, to: "\(place)/emulator", mode: 0o755)
        Files.waitUntilUnwritten("\(place)/emulator")
    }

    /// For a driver without a daemon and without rights: nothing to label, to own or to limit.
    private static let configuration = """
        security_driver = "none"
        namespaces = []
        cgroup_controllers = []
        dynamic_ownership = 0
        remember_owner = 0
        stdio_handler = "file"
        seccomp_sandbox = 1
        capability_filters = [ "cpu-unavailable-features" ]

        """

    /// An instruction is 2^shift nanoseconds of a clock that counts them: the fewer, the more are executed while the firmware waits for
    /// a device.
    static let shift = 3

    /// libvirt has no element for the clock, and asks QEMU what it can do by the same program.
    private static let emulatorScript = """
        #!/bin/sh
        case "$*" in *guest=*) [ ! -e /vm/counting ] || set -- "$@" -icount shift=\(shift),sleep=off ;; esac
        exec qemu-system-x86_64 "$@"

        """

    /// Runs each domain when its description is there, on a fresh copy of the disk, until it is to be over.
    static func script(_ runs: [Run], disk: String, console: String) -> String {
        """
        echo room:x:1000:1000::/tmp:/bin/sh >>/etc/passwd
        for run in \(runs.map(\.rawValue).joined(separator: " ")); do
            until [ -e /vm/begin-$run ]; do sleep 0.02; done
            cp /vm/disk \(disk)
            mkdir -p /tmp/libvirt-$run/etc
            cp /vm/qemu.conf /tmp/libvirt-$run/etc/
            (
                LIBVIRT_DEBUG=error unshare --user --map-user=1000 --map-group=1000 \
        virt-qemu-run --root /tmp/libvirt-$run /vm/$run.xml >&2
                rm -f \(console)
                echo $run
            ) &
            until [ -e /vm/over-$run ]; do sleep 0.02; done
        done
        """
    }

    /// QEMU of the domain of this name, as a process of the host's; nil when there is none. A list of children may lack one for a moment.
    func find(_ name: String, isCounting: Bool = false) throws(LabError) -> HostProcess? {
        let program = Tool.find(Self.qemu) ?? ""
        var found: HostProcess?
        _ = try room.wait(until: .now().advanced(by: CheckBench.patient(.seconds(2)))) {
            found = room.processes.first { process in
                guard process.executes(program), let words = process.commandLine else { return false }
                return words.contains { $0.hasPrefix("guest=\(name),") }
                    && words.contains("-icount") == isCounting
            }
            return found != nil
        }
        return found
    }

    /// Starts a domain and waits until its serial port has said enough.
    /// - Returns: how the wait ended; `.ended` too where the domain has ended.
    func start(
        _ run: Run, _ domain: [UInt8], until deadline: MonotonicInstant, isEnough: ([UInt8]) -> Bool
    ) throws(LabError) -> Room.Wait {
        let place = "\(room.files)/\(Self.directory)"
        if run == .plain { unlink("\(place)/counting") } else { try tell("counting") }
        try room.put(domain, to: "\(Self.directory)/\(run.rawValue).xml")
        try tell("begin-\(run.rawValue)")
        var isSaid = false
        let wait = try room.wait(until: deadline) {
            isSaid = isEnough(said)
            return isSaid || hasEnded(run)
        }
        return wait == .met && !isSaid ? .ended : wait
    }

    /// Ends a domain, so that the next one can begin.
    func finish(_ run: Run, until deadline: MonotonicInstant) throws(LabError) {
        let programs = Self.programs.compactMap { Tool.find($0.0) }
        let wait = try room.wait(until: deadline) {
            let left = room.processes.filter { process in programs.contains { process.executes($0) } }
            for process in left { process.end { process in programs.contains { process.executes($0) } } }
            return left.isEmpty && hasEnded(run)
        }
        guard wait == .met else {
            throw LabError(.unavailable, "libvirt does not end a domain in a room", cause: room.lastWords)
        }
        try tell("over-\(run.rawValue)")
    }

    /// Makes a file that is waited for in the room.
    func tell(_ name: String) throws(LabError) {
        try Files.write("", to: "\(room.files)/\(Self.directory)/\(name)")
    }

    /// What the serial port has said by now.
    var said: [UInt8] {
        let name = String(console.dropFirst("/tmp/".utf8.count))
        return (try? Artefact.read(name, in: "/proc/\(room.pid)/root/tmp", most: 1 << 20)) ?? []
    }

    private func hasEnded(_ run: Run) -> Bool {
        room.output.split(separator: UInt8(ascii: "\n")).contains { $0.elementsEqual(run.rawValue.utf8) }
    }
}
