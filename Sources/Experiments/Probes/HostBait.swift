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
        let listener = try make(AF_UNIX)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let offset = MemoryLayout<sa_family_t>.size + 1
        withUnsafeMutableBytes(of: &address) { bytes in
            for (place, byte) in name.utf8.enumerated() where offset + place < bytes.count {
                bytes[offset + place] = byte
            }
        }
        try listen(listener, &address, socklen_t(offset + name.utf8.count))
        return listener
    }

    /// A stream socket on a free port of 127.0.0.1.
    static func loopback() throws(LabError) -> (Int32, UInt16) {
        let listener = try make(AF_INET)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try listen(listener, &address, length)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(listener, $0, &length) }
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    static func takeOne(_ listener: Int32) -> Bool {
        let connection = accept(listener, nil, nil)
        if connection >= 0 { close(connection) }
        return connection >= 0
    }

    private static func make(_ family: Int32) throws(LabError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let made = socket(family, type, 0)
        guard made >= 0 else { throw LabError(.output, "cannot make a socket", cause: "\(Errno(errno))") }
        return made
    }

    private static func listen<Address>(
        _ listener: Int32, _ address: inout Address, _ length: socklen_t
    ) throws(LabError) {
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 ? Glibc.listen(listener, 8) : -1
            }
        }
        guard result == 0 else {
            let code = Errno(errno)
            close(listener)
            throw LabError(.output, "cannot listen on a socket", cause: "\(code)")
        }
    }
}
