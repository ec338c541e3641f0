import CLinux
import Glibc
import LabCore
import OCI

/// A terminal of a container's own /dev/pts: its program's standard streams, whose other side goes to who asked for it.
enum Terminal {
    static func open(
        _ size: RuntimeSpec.ConsoleSize?, _ root: borrowing FileDescriptor, telling socket: Int32
    ) throws {
        let files = RootFiles(root: root.rawValue)
        let (master, peer) = try pair(size, files)
        // For who opens /dev/console; the name may be there, and be anything of the image's.
        let place = try files.place("/dev/console", isDirectory: false)
        guard clinux_type_of(place.rawValue) != Kernel.procMagic, try !Kernel.isDirectory(place.rawValue)
        else {
            throw Failure("/dev/console is no place for a terminal")
        }
        let mount = try Mounting.clone(of: "", at: peer, isRecursive: false)
        try Mounting.attach(mount, to: place.rawValue)
        try hand(master, peer, socket)
    }

    /// The same for another process of a container, which has its /dev/console.
    static func openAnother(
        _ size: RuntimeSpec.ConsoleSize?, _ root: borrowing FileDescriptor, telling socket: Int32
    ) throws {
        let (master, peer) = try pair(size, RootFiles(root: root.rawValue))
        try hand(master, peer, socket)
    }

    private static func pair(
        _ size: RuntimeSpec.ConsoleSize?, _ files: RootFiles
    ) throws -> (master: Int32, peer: Int32) {
        do {
            // Not by the link /dev/ptmx, which an image may have laid (CVE-2025-52565).
            let master = try files.openKernelFile(
                "/dev/pts/ptmx", O_RDWR | O_NOCTTY, magic: Kernel.devptsMagic)
            try Kernel.check { clinux_unlock_terminal(master.rawValue) }
            let peer = FileDescriptor(owning: try Kernel.check { clinux_terminal_peer(master.rawValue) })
            if let size {
                try Kernel.check { clinux_set_window(peer.rawValue, UInt32(size.height), UInt32(size.width)) }
            }
            return (master.release(), peer.release())
        } catch { throw Failure("unable to open a terminal in the container's /dev/pts: \(error.words)") }
    }

    private static func hand(_ master: Int32, _ peer: Int32, _ socket: Int32) throws {
        do {
            try Kernel.check { clinux_send_descriptor(socket, master) }
            close(master)
            try Kernel.check { clinux_take_terminal(peer) }
        } catch { throw Failure("unable to hand the terminal over: \(error.words)") }
    }

    /// Connects to the socket of `--console-socket`.
    static func connect(_ path: String) throws -> FileDescriptor {
        do { return try UnixSocket.connect(path) } catch {
            throw Failure("connect to console socket \(ForeignText.line(path, most: 400)): \(error.words)")
        }
    }
}
