import Glibc
import LabCore

/// The directory below which libvirt's QEMU driver runs inside this process, without a daemon:
/// `qemu:///embed?root=DIR`, see https://libvirt.org/drvqemu.html#embedded-driver.
///
/// One process at a time may use a root, so there are several, each with a lock; the lowest free one is taken,
/// which keeps what libvirt found out about QEMU (seconds of work) for the next process.
final class EmbeddedRoot: Sendable {
    let directory: String
    /// Held while the root is in use: flock(2) ends with the process, however it ends.
    private let lock: FileDescriptor

    static let slots = 8

    var uri: String { Self.uri(of: directory) }
    static func uri(of directory: String) -> String { "qemu:///embed?root=\(directory)" }

    /// The root that an embedded URI names, nil for any other URI.
    static func directory(of uri: String) -> String? {
        let prefix = Self.uri(of: "")
        return uri.hasPrefix(prefix) ? String(uri.dropFirst(prefix.count)) : nil
    }

    static func directory(_ paths: LabPaths, slot: Int) -> String { "\(paths.libvirtRoots)/\(slot)" }

    /// Takes the lowest free root below `LabPaths.libvirtRoots` and configures it.
    static func take(_ paths: LabPaths) throws(LabError) -> EmbeddedRoot {
        let roots = paths.libvirtRoots
        for place in [paths.machines, roots] { try MachineFiles.prepare(place) }
        for slot in 0..<slots {
            if let root = try take(directory: directory(paths, slot: slot)) { return root }
        }
        throw LabError(
            .unavailable, "all \(slots) libvirt roots in \(roots) are in use",
            remedy: "wait for another run of lab to end")
    }

    /// Takes this root, nil when another process has it.
    static func take(directory: String) throws(LabError) -> EmbeddedRoot? {
        guard directory.utf8.count <= longestPath else {
            throw LabError(
                .usage, "the path \(directory) is too long for libvirt's sockets",
                cause:
                    "\(directory.utf8.count) bytes, and at most \(longestPath) fit into a socket's address",
                remedy: "set LAB_HOME to a shorter path")
        }
        guard directory.utf8.allSatisfy({ isPlain($0) }) else {
            throw LabError(
                .usage, "the path \(directory) can't be part of a libvirt URI",
                remedy: "set LAB_HOME to a path of letters, digits, '.', '_', '-' and '/'")
        }
        let lock: FileDescriptor
        do {
            lock = try FileDescriptor.open("\(directory).lock", O_RDWR | O_CREAT, mode: 0o600)
        } catch {
            throw LabError(.output, "cannot lock \(directory)", cause: "\(error)")
        }
        guard flock(lock.rawValue, LOCK_EX | LOCK_NB) == 0 else { return nil }
        try MachineFiles.prepare(directory)
        // QEMU reads there what libvirt makes for it: a key.
        if let user = QEMUUser.current(),
            let code = user.credentials.errno(entering: directory),
            code != 0
        {
            throw LabError(
                .unavailable, "QEMU's user, \(user.title), can't enter \(directory)", cause: "\(Errno(code))",
                remedy: "chmod o+x it and every directory that it is in, or leave --connect out")
        }
        try Files.makeDirectory("\(directory)/etc", mode: 0o700)
        try Files.write(configuration(asRoot: geteuid() == 0), to: "\(directory)/etc/qemu.conf", mode: 0o600)
        return EmbeddedRoot(directory: directory, lock: lock)
    }

    private init(directory: String, lock: consuming FileDescriptor) {
        self.directory = directory
        self.lock = lock
    }

    /// sun_path of unix(7) has 108 bytes; libvirt binds `ROOT/lib/qemu/domain-ID-NAME/monitor.sock`, where it
    /// cuts the name to 20 characters and the id may have 6.
    private static let longestPath = 107 - "/lib/qemu/domain-/monitor.sock".utf8.count - 6 - 1 - 20

    /// Returns true when a byte stands for itself in a URI's query (RFC 3986, section 3.4).
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: [0x2d, 0x2e, 0x2f, 0x5f, 0x7e].contains(byte)
        }
    }

    /// qemu.conf of a root that serves one short-lived guest after another.
    static func configuration(asRoot: Bool) -> String {
        var text = """
            # Written by lab at each start.
            # SELinux and AppArmor have no profile for a driver without a daemon; users are kept apart in any case (DAC).
            security_driver = "none"
            # A /dev of its own keeps nothing from a user who may open no node but those that are everybody's.
            namespaces = []
            # The cgroup tree belongs to the container engine; placing QEMU costs writes in every hierarchy.
            cgroup_controllers = []
            # Ownership and extended attributes of the kernel and the initramfs stay as they are: both are shared. lab gives
            # QEMU's user what is that VM's alone.
            dynamic_ownership = 0
            remember_owner = 0
            # Without a daemon there is no virtlogd.
            stdio_handler = "file"
            # Required, not only where QEMU has it.
            seccomp_sandbox = 1
            clear_emulator_capabilities = 1
            max_core = 0
            # Otherwise libvirt asks QEMU for each of some 400 properties of the processor, one at a time, before the
            # guest may run: 0.2 s. Without this capability it asks for them as three words of bits.
            capability_filters = [ "cpu-unavailable-features" ]

            """
        if asRoot {
            // Otherwise libvirt asks in a child whether another user could use /dev/kvm, finds its own answer about QEMU out
            // of date when that differs from what QEMU (with root's right to any file) said, and probes QEMU anew at each
            // call: 44 s. A domain's label says who its QEMU is.
            text += """
                # Only the QEMU that is asked for its features, and runs no guest, is this. Each domain has a label.
                user = "root"
                group = "root"

                """
        }
        return text
    }
}
