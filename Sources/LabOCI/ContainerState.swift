import CLinux
import Glibc
import LabCore
import OCI

/// What is kept of a container from one call to the next: a directory below `--root`, with a state that is replaced whole.
struct ContainerState: SpecPart {
    var id = ""
    var ociVersion = ""
    var bundle = ""
    var rootfs = ""
    var created = ""
    /// The first process, 0 before there is one, and its start in ticks since boot: a number may be another's by now.
    var pid: Int32 = 0
    var startTime: UInt64 = 0
    var cgroups: [String] = []
    /// With systemd's cgroups.
    var scope: SystemdScope?
    var annotations: [String: String]?
    /// Those that come after it was made.
    var hooks: RuntimeSpec.Hooks?
    /// True when all its processes end with the first.
    var hasOwnPIDs = false
    init() {}

    enum Status: String { case creating, created, running, stopped, paused }

    /// True while its first process is there, a zombie not counted.
    var isAlive: Bool { pid > 0 && Self.startTime(of: pid) == startTime }

    /// nil for a process that has ended.
    static func startTime(of pid: pid_t) -> UInt64? {
        // As bytes: it is asked for several times in a call.
        guard let bytes = try? Files.read("/proc/\(pid)/stat", limit: 1 << 14, step: 1 << 10),
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, let state = fields[0].first, state != UInt8(ascii: "Z"),
            state != UInt8(ascii: "X")
        else { return nil }
        return UInt64(String(decoding: fields[19], as: UTF8.self))
    }
}

extension ContainerState: JSONReadable {
    mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "id": id = try value.string()
        case "ociVersion": ociVersion = try value.string()
        case "bundle": bundle = try value.string()
        case "rootfs": rootfs = try value.string()
        case "created": created = try value.string()
        case "pid": pid = try value.integer()
        case "startTime": startTime = try value.integer()
        case "cgroups": cgroups = try value.texts()
        case "scope": scope = try value.part()
        case "annotations": annotations = try value.dictionary()
        case "hooks": hooks = try value.part()
        case "hasOwnPIDs": hasOwnPIDs = try value.flag()
        default: break
        }
    }
}

/// The containers of one `--root`.
struct StateStore {
    let root: String

    static func standardRoot() -> String {
        if geteuid() != 0, let directory = getenv("XDG_RUNTIME_DIR") {
            let path = String(cString: directory)
            if path.hasPrefix("/") { return "\(path)/lab-oci" }
        }
        return "/run/lab-oci"
    }

    func directory(_ id: String) -> String { "\(root)/\(id)" }
    /// At which a container waits for `start`.
    func fifo(_ id: String) -> String { "\(directory(id))/exec.fifo" }
    /// The same until all stages before `start` are done.
    func unfinishedFIFO(_ id: String) -> String { "\(directory(id))/making.fifo" }

    /// As runc: letters, digits, `_`, `+`, `-` and `.`, and no name of a directory that is there already.
    static func check(_ id: String) throws {
        let isPlain = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"),
                UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard !id.isEmpty else { throw Failure("container id cannot be empty") }
        guard isPlain, id != ".", id != "..", id.utf8.count <= 1_024 else {
            throw Failure("invalid container ID format: \(ForeignText.line(id, most: 200))")
        }
    }

    /// Makes the directory of a new container.
    func make(_ id: String) throws {
        try Self.check(id)
        try Files.makeDirectory(root, mode: 0o700)
        guard mkdir(directory(id), 0o711) != 0 else { return }
        let code = Errno(errno)
        guard code == Errno(EEXIST) else { throw Failure("mkdir \(directory(id))", code) }
        throw Failure("container with given ID already exists")
    }

    func read(_ id: String) throws -> ContainerState {
        try Self.check(id)
        let path = "\(directory(id))/state.json"
        guard Files.exists(path) else { throw Failure("container does not exist") }
        return try ContainerState(json: try Files.read(path), of: path)
    }

    /// Its config.json, as it was when it was made.
    func config(_ id: String) throws -> RuntimeSpec {
        try StateStore.check(id)
        let path = "\(directory(id))/config.json"
        return try RuntimeSpec(json: try Files.read(path, limit: 8 << 20), of: path)
    }

    func keep(config: [UInt8], of id: String) throws {
        try create("\(directory(id))/config.json", config)
    }

    /// Writes a file of a directory that is new: there is nobody yet who could read half of it.
    private func create(_ path: String, _ bytes: [UInt8]) throws {
        do {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
            try file.writeAll(bytes)
        } catch { throw Failure("write \(path)", error) }
    }

    /// The first state of a container.
    func begin(_ state: ContainerState) throws {
        try create("\(directory(state.id))/state.json", Array(try state.text().utf8))
    }

    func write(_ state: ContainerState) throws {
        try Files.write(try state.text(), to: "\(directory(state.id))/state.json", mode: 0o600)
    }

    func remove(_ id: String) throws { try Files.removeTree(directory(id)) }

    /// One change of a container at a time, by a lock that is gone with who holds it.
    func lock(_ id: String) throws -> FileDescriptor {
        try Self.check(id)
        let path = directory(id)
        while true {
            let file = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard file >= 0 else {
                throw errno == ENOENT
                    ? Failure("container does not exist") : Failure("open \(path)", Errno(errno))
            }
            while flock(file, LOCK_EX) != 0 && errno == EINTR {}
            // Who had it may have removed the container, or made another of that name.
            var (locked, there) = (stat(), stat())
            fstat(file, &locked)
            if stat(path, &there) == 0, there.st_ino == locked.st_ino, there.st_dev == locked.st_dev {
                return FileDescriptor(owning: file)
            }
            close(file)
        }
    }

    var all: [ContainerState] {
        Files.list(root).compactMap { try? read($0) }
    }

    func status(of state: ContainerState) -> ContainerState.Status {
        guard state.isAlive else { return state.pid > 0 ? .stopped : .creating }
        if Files.exists(unfinishedFIFO(state.id)) { return .creating }
        if Files.exists(fifo(state.id)) { return .created }
        return Cgroups(directories: state.cgroups).isFrozen ? .paused : .running
    }

    func report(_ state: ContainerState, _ status: ContainerState.Status? = nil) -> ContainerReport {
        let status = status ?? self.status(of: state)
        return ContainerReport {
            ($0.ociVersion, $0.id, $0.bundle) = (state.ociVersion, state.id, state.bundle)
            $0.status = status.rawValue
            $0.pid = status == .stopped ? 0 : state.pid
            $0.annotations = state.annotations
        }
    }
}
