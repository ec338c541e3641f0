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

    static func directory(cache: String, slot: Int) -> String { "\(cache)/libvirt/\(slot)" }

    /// Takes the lowest free root below `cache` and configures it.
    static func take(cache: String) throws(LabError) -> EmbeddedRoot {
        try Files.makeDirectory("\(cache)/libvirt", mode: 0o700)
        for slot in 0..<slots {
            if let root = try take(directory: directory(cache: cache, slot: slot)) { return root }
        }
        throw LabError(
            .unavailable, "all \(slots) libvirt roots in \(cache)/libvirt are in use",
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

    /// Whether a byte stands for itself in a URI's query (RFC 3986, section 3.4).
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: [0x2d, 0x2e, 0x2f, 0x5f, 0x7e].contains(byte)
        }
    }

    /// qemu.conf of a root that serves one short-lived guest after another, all of them this project's own bytes.
    static func configuration(asRoot: Bool) -> String {
        var text = """
            # Written by lab at each start.
            # Labels and profiles cost a fork of a helper and guard nothing here: the guest is ours, its disk is RAM.
            security_driver = "none"
            # A mount namespace per VM would be made, filled and torn down within the time being measured.
            namespaces = []
            # The cgroup tree belongs to the container engine; placing QEMU costs writes in every hierarchy.
            cgroup_controllers = []
            # Ownership and extended attributes of the kernel and the initramfs stay as they are: both are shared.
            dynamic_ownership = 0
            remember_owner = 0
            # Without a daemon there is no virtlogd.
            stdio_handler = "file"
            # The filter's compilation takes milliseconds of each start.
            seccomp_sandbox = 0
            # Otherwise libvirt asks QEMU for each of some 400 properties of the processor, one at a time, before the
            # guest may run: 0.2 s. Without this capability it asks for them as three words of bits.
            capability_filters = [ "cpu-unavailable-features" ]

            """
        if asRoot {
            // Otherwise libvirt asks whether another user could use /dev/kvm, finds its own answer about QEMU out of
            // date when that differs from what QEMU (as root) said, and probes QEMU anew at each call: 44 s.
            text += """
                # QEMU runs as who runs lab: what libvirt finds out about /dev/kvm and what QEMU sees is then one thing.
                user = "root"
                group = "root"

                """
        }
        return text
    }
}
