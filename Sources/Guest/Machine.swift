import CGuest

/// The duties of PID 1 of a virtual machine; does nothing where lab-guest is a payload like any other.
struct Machine {
    private let isMachine: Bool
    /// True when the host ends it, once it has asked what it wants to know of a machine that has done its work.
    private let stays: Bool
    /// That of its interface `eth0`; nil where it has none.
    private let address: Text?

    init(_ isMachine: Bool, stays: Bool = false, address: Text? = nil) {
        self.isMachine = isMachine
        self.stays = stays
        self.address = address
    }

    /// Mounts what the channel needs: a device file needs devtmpfs, a port needs nothing.
    func prepare(for channel: Text) {
        let isDevice =
            suffix(of: channel, after: "path:") != nil || suffix(of: channel, after: "console:") != nil
        if isMachine && isDevice {
            _ = mount("devtmpfs", "/dev", "devtmpfs", UInt(MS_NOSUID), nil)
        }
    }

    /// Loads modules of this machine's kernel from the initramfs, in this order; elsewhere the kernel is the host's, and
    /// nothing is loaded into it.
    func load(_ names: Text) throws(Failure) {
        guard isMachine else { return }
        // Longer than any: the kernel passes on 2,047 bytes in all.
        let capacity = 2_200
        let path = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
        defer { path.deallocate() }
        let directory: StaticString = "/lib/modules/"
        var next = names
        while next[0] != 0 {
            let length = strcspn(next, ",")
            guard Int(length) + directory.utf8CodeUnitCount + 4 <= capacity else {
                throw Failure("a module's name is too long", code: 0)
            }
            memcpy(path, directory.utf8Start, directory.utf8CodeUnitCount)
            memcpy(path + directory.utf8CodeUnitCount, next, Int(length))
            memcpy(path + directory.utf8CodeUnitCount + Int(length), literal(".ko"), 4)
            guard cguest_load_module(path) == 0 else { throw Failure("cannot load a module of the kernel") }
            next += Int(length)
            if next[0] != 0 { next += 1 }
        }
    }

    /// Mounts /proc for a workload that reads it; elsewhere it is there or not, as the engine has it.
    func mountProc() {
        guard isMachine else { return }
        _ = mount("proc", "/proc", "proc", UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC), nil)
    }

    /// Mounts /proc, /sys and /dev for a workload that looks at its kernel; elsewhere they are as the engine has them.
    func mountKernelFiles() {
        guard isMachine else { return }
        mountProc()
        _ = mount("sysfs", "/sys", "sysfs", UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC), nil)
        _ = mount("devtmpfs", "/dev", "devtmpfs", UInt(MS_NOSUID), nil)
    }

    /// Mounts /dev for what hangs on this machine.
    func mountDevices() throws(Failure) {
        guard isMachine else { throw Failure("a disk is entered in a machine only", code: 0) }
        // There already where the channel is a device.
        _ = mount("devtmpfs", "/dev", "devtmpfs", UInt(MS_NOSUID), nil)
    }

    /// The directory that PLACE means: itself, or for `disk:SERIAL` the file system, ext4, on this machine's disk of that
    /// serial, mounted.
    func storage(_ place: Text) throws(Failure) -> Text {
        guard let serial = suffix(of: place, after: "disk:") else { return place }
        try mountDevices()
        mountKernelFiles()
        try mountDisk(serial, at: "/disk")
        return literal("/disk")
    }

    /// Mounts the file system, ext4, on this machine's disk of that serial.
    func mountDisk(_ serial: Text, at directory: Text) throws(Failure) {
        guard let device = disk(of: serial) else { throw Failure("no disk has that serial", code: 0) }
        makeDirectories(directory)
        guard mount(device, directory, "ext4", UInt(MS_NOSUID | MS_NODEV), nil) == 0 else {
            throw Failure("cannot mount the disk")
        }
    }

    /// The device of this machine's first disk that has this serial, or with `isOther` another one or none; nil where there is
    /// none. It needs /dev and /sys.
    private func disk(of serial: Text, isOther: Bool = false) -> Text? {
        // Kept: whoever mounts it reads it.
        let device = UnsafeMutablePointer<CChar>.allocate(capacity: 16)
        let file = UnsafeMutablePointer<CChar>.allocate(capacity: 32)
        strcpy(device, literal("/dev/vd?"))
        strcpy(file, literal("/sys/block/vd?/serial"))
        // Disks of virtio are named in the order in which their kernel finds them, and there are few.
        for letter in CChar(0x61)...CChar(0x68) {
            (device[7], file[13]) = (letter, letter)
            guard access(device, F_OK) == 0 else { continue }
            if Self.holds(file, serial) != isOther { return Text(device) }
        }
        return nil
    }

    /// Makes a directory and those above it, where they are missing.
    private func makeDirectories(_ path: Text) {
        let length = Int(strlen(path))
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: length + 1)
        defer { copy.deallocate() }
        strcpy(copy, path)
        guard length > 1 else { return }
        for index in 1..<length where copy[index] == 0x2f {
            copy[index] = 0
            mkdir(copy, 0o755)
            copy[index] = 0x2f
        }
        mkdir(copy, 0o755)
    }

    /// Returns true when a file holds this text and no more than a line's end after it.
    private static func holds(_ path: Text, _ text: Text) -> Bool {
        let descriptor = cguest_open(path)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let capacity = 64
        let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
        defer { bytes.deallocate() }
        var count = read(descriptor, bytes, capacity)
        if count > 0, bytes[count - 1] == 0x0a { count -= 1 }
        return count == Int(strlen(text)) && memcmp(bytes, text, count) == 0
    }

    /// Makes the root that of the tree on the first disk: read-only, below a layer in memory. Elsewhere the roots are the
    /// host's, and nothing is mounted.
    /// - Parameters:
    ///   - fileSystem: the kernel's name of the disk's.
    ///   - other: the serial of a disk beside it, which is not that; nil where there is none.
    func enterDisk(_ fileSystem: Text, beside other: Text? = nil) throws(Failure) {
        try mountDevices()
        var device: Text = literal("/dev/vda")
        if let other {
            mountKernelFiles()
            guard let found = disk(of: other, isOther: true) else {
                throw Failure("there is no disk with the tree", code: 0)
            }
            device = found
        }
        for directory in ["/lower", "/layer", "/root"] as [StaticString] { mkdir(literal(directory), 0o755) }
        guard mount(device, "/lower", fileSystem, UInt(MS_RDONLY), nil) == 0 else {
            throw Failure("cannot mount the disk")
        }
        guard mount("tmpfs", "/layer", "tmpfs", 0, "mode=755") == 0, mkdir("/layer/upper", 0o755) == 0,
            mkdir("/layer/work", 0o755) == 0,
            mount(
                "overlay", "/root", "overlay", 0,
                "lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work") == 0
        else { throw Failure("cannot mount the layer above the disk") }
        // A root in RAM can't be pivoted away: Documentation/filesystems/ramfs-rootfs-initramfs.rst in Linux.
        guard chdir("/root") == 0, mount(".", "/", nil, UInt(MS_MOVE), nil) == 0, chroot(".") == 0,
            chdir("/") == 0
        else { throw Failure("cannot enter the tree on the disk") }
    }

    /// Mounts in the tree of a command what any program finds in a container: /proc, /sys and /dev, with terminals and shared
    /// memory. What is missing of them is made in the layer above the tree.
    /// - Parameter areMakers: whether they make containers: then cgroups are theirs to make, and /sys may be written to, since a
    ///   user namespace mounts no sysfs that may where the machine's own may not.
    func mountForPrograms(areMakers: Bool = false) throws(Failure) {
        let strict = UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC)
        for directory in ["/proc", "/sys", "/dev"] as [StaticString] { mkdir(literal(directory), 0o755) }
        guard mount("proc", "/proc", "proc", strict, nil) == 0 else { throw Failure("cannot mount /proc") }
        guard mount("sysfs", "/sys", "sysfs", areMakers ? strict : strict | UInt(MS_RDONLY), nil) == 0 else {
            throw Failure("cannot mount /sys")
        }
        if areMakers, mount("cgroup2", "/sys/fs/cgroup", "cgroup2", strict, nil) != 0 {
            throw Failure("cannot mount /sys/fs/cgroup")
        }
        guard mount("devtmpfs", "/dev", "devtmpfs", UInt(MS_NOSUID), nil) == 0 else {
            throw Failure("cannot mount /dev")
        }
        for directory in ["/dev/pts", "/dev/shm", "/dev/mqueue"] as [StaticString] {
            mkdir(literal(directory), 0o755)
        }
        // Not every kernel has message queues, and no program needs all of these.
        _ = mount("devpts", "/dev/pts", "devpts", UInt(MS_NOSUID | MS_NOEXEC), "ptmxmode=0666,mode=0620")
        _ = mount("tmpfs", "/dev/shm", "tmpfs", strict, "mode=1777")
        _ = mount("mqueue", "/dev/mqueue", "mqueue", strict, nil)
        symlink("/proc/self/fd", "/dev/fd")
        symlink("/proc/self/fd/0", "/dev/stdin")
        symlink("/proc/self/fd/1", "/dev/stdout")
        symlink("/proc/self/fd/2", "/dev/stderr")
    }

    /// Brings up lo, which gives it the address 127.0.0.1; elsewhere that is the engine's business.
    func raiseLoopback() throws(Failure) {
        guard isMachine else { return }
        guard cguest_interface_up("lo") == 0 else { throw Failure("cannot bring up the interface lo") }
    }

    /// Gives eth0 its address and brings it up, where the machine has one.
    func raiseInterface() throws(Failure) {
        guard isMachine, let address else { return }
        guard cguest_raise_interface("eth0", address) == 0 else {
            throw Failure("cannot give the interface eth0 its address")
        }
    }

    /// Nanoseconds since this machine's kernel started; nil where the kernel is the host's.
    func uptime() -> UInt64? { isMachine ? cguest_uptime() : nil }

    /// The kernel, where it is this machine's own and may be ruined; nil where it is the host's.
    func ownKernel() -> OwnKernel? {
        mountProc()
        return OwnKernel(isMachine: isMachine)
    }

    /// Reports the status and resets the machine: the host ends a machine that resets, and of all ways down
    /// this is the one that every machine type has. Never returns from a machine.
    func end(status: Int32, on channel: Channel?) {
        guard isMachine else { return }
        if let channel {
            channel.send("exit", number: UInt64(UInt8(truncatingIfNeeded: status)))
            channel.drain()
            while stays { pause() }
        }
        sync()
        cguest_reset()
        while true { pause() }
    }
}
