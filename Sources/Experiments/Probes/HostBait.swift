import Glibc
import LabCore

/// Bait that is planted on the host before a workload is let loose: one nonce in a file, in a process's command line,
/// in shared memory, and behind two sockets and a queue. Gone with `remove`; what would outlive a crash is journaled.
final class HostBait {
    let nonce: String
    /// A word of the host's path of every workload's root.
    let rootName: String
    let directory: String
    var file: String { "\(directory)/nonce" }
    let sentinel: BaitProcess
    let segment: SharedSegment
    /// Name of an abstract socket, unix(7).
    let socketName: String
    private let socket: Int32
    let port: UInt16
    private let portSocket: Int32
    /// Name of a POSIX queue, nil where no file system of queues is mounted on the host.
    let queueName: String?
    private let queueFile: String?
    private let before: [String]

    /// Kernel files that a probe could change, and the host's name: read before and after.
    private static let watched = [
        "/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness",
        "/sys/kernel/mm/transparent_hugepage/enabled",
    ]

    init(_ bench: Bench) throws(LabError) {
        nonce = bench.nonce()
        let context = bench.context
        rootName = context.rootFilesystem.directory.split(separator: "/").last.map(String.init) ?? ""
        directory = "\(context.paths.run(context.runID))/planted-\(nonce.prefix(8))"
        try context.journal.record(JournaledResource(.directory, directory))
        try Files.makeDirectory(directory, mode: 0o755)
        try Files.write(nonce + "\n", to: "\(directory)/nonce")
        sentinel = try BaitProcess(nonce: nonce)
        segment = try SharedSegment(
            key: Int32.random(in: 1 << 24...1 << 30, using: &bench.generator), holding: nonce,
            journal: context.journal)
        socketName = "lab-\(nonce)"
        do throws(LabError) {
            socket = try Listener.abstract(socketName)
            (portSocket, port) = try Listener.loopback()
        } catch {
            segment.remove()
            throw error
        }
        let queues = MountTable.current().entries.first { $0.type == "mqueue" }?.mountPoint
        if let queues {
            // A file that is made there is a queue, mq_overview(7).
            let name = "lab-\(context.runID)-\(nonce.prefix(12))"
            queueName = name
            queueFile = "\(queues)/\(name)"
            try context.journal.record(JournaledResource(.file, "\(queues)/\(name)"))
            let made = open("\(queues)/\(name)", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
            if made >= 0 { close(made) }
        } else {
            queueName = nil
            queueFile = nil
        }
        before = Self.watched.map { Files.line($0) ?? "" }
    }

    /// The parameters of the probes that look for it, beside the probes that need none.
    func parameters(disk: (major: UInt32, minor: UInt32), memoryMebibytes: Int) -> [String] {
        [
            "processes=\(nonce)", "file=\(file)", "host-paths=\(rootName)", "unix-socket=\(socketName)",
            "tcp-port=\(port)", "shared-memory=\(segment.key)", "message-queue=\(queueName ?? "lab-none")",
            "file-write=\(file)", "process-root=\(sentinel.pid),\(file)",
            "process-memory=\(sentinel.pid),\(nonce)", "signal=\(sentinel.pid),\(nonce)",
            "trace=\(sentinel.pid),\(nonce)", "join-namespaces=\(sentinel.pid),\(nonce)",
            "block-device=\(disk.major),\(disk.minor),\(directory)", "memory=\(memoryMebibytes)",
        ]
    }

    /// Returns true when somebody connected to the abstract socket since the last time this was asked.
    func socketWasReached() -> Bool { Listener.takeOne(socket) }
    /// The same of the port.
    func portWasReached() -> Bool { Listener.takeOne(portSocket) }

    /// Returns the things of the host that are no longer as they were before; empty when all are.
    func changes() -> [Message] {
        var changes: [Message] = []
        if Files.line(file) != nonce { changes.append("\(file)") }
        if Files.list(directory) != ["nonce"] { changes.append("\(directory)") }
        if !sentinel.isUntouched { changes.append("process \(sentinel.pid)") }
        if segment.text != nonce { changes.append("shared memory \(segment.key)") }
        if let queueFile, !Files.exists(queueFile) { changes.append("\(queueFile)") }
        for (path, old) in zip(Self.watched, before) where (Files.line(path) ?? "") != old {
            changes.append("\(path)")
        }
        return changes
    }

    /// Takes all of it away, but the sentinel, which goes with this object.
    func remove() throws(LabError) {
        segment.remove()
        close(socket)
        close(portSocket)
        if let queueFile { unlink(queueFile) }
        try Files.removeTree(directory)
    }
}

/// Sockets that wait for a workload.
private enum Listener {
    /// A stream socket of this abstract name; nothing of it is in a file system.
    static func abstract(_ name: String) throws(LabError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let offset = MemoryLayout<sa_family_t>.size + 1
        withUnsafeMutableBytes(of: &address) { bytes in
            for (place, byte) in name.utf8.enumerated() where offset + place < bytes.count {
                bytes[offset + place] = byte
            }
        }
        do throws(Errno) {
            let listener = FileDescriptor(
                owning: try checked {
                    socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
                })
            try checked {
                withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(listener.rawValue, $0, socklen_t(offset + name.utf8.count))
                    }
                }
            }
            try checked { listen(listener.rawValue, 8) }
            return listener.release()
        } catch {
            throw LabError(.output, "cannot listen on a socket", cause: "\(error)")
        }
    }

    /// A stream socket on a free port of 127.0.0.1.
    static func loopback() throws(LabError) -> (Int32, UInt16) {
        do throws(Errno) {
            return try Loopback.listener(blocks: false)
        } catch {
            throw LabError(.output, "cannot listen on a socket", cause: "\(error)")
        }
    }

    static func takeOne(_ listener: Int32) -> Bool {
        let connection = accept(listener, nil, nil)
        if connection >= 0 { close(connection) }
        return connection >= 0
    }
}
