import CGuest

/// The probes of what of the host a workload can lay hands on. None changes anything: files are opened and closed,
/// signal 0 is sent, a traced process is not stopped.
let reachableProbes: [Probe] = [
    // unix-socket=NAME: an abstract socket, which is in no file system.
    Probe("unix-socket") { name, _ in
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return cguest_errno() }
        let length = 3 + strlen(name)
        let place = zeroed(64)
        let bytes = UnsafeMutableRawPointer(place)
        bytes.storeBytes(of: UInt16(AF_UNIX), as: UInt16.self)
        memcpy(bytes + 3, name, min(strlen(name), 100))
        return connects(socket, bytes, length)
    },
    // tcp-port=NUMBER: a port of 127.0.0.1.
    Probe("tcp-port") { number, _ in
        guard let port = parseNumber(number, base: 10, limit: 65_535) else { return EINVAL }
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return cguest_errno() }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafeMutablePointer(to: &address) {
            connects(socket, UnsafeMutableRawPointer($0), MemoryLayout<sockaddr_in>.size)
        }
    },
    // shared-memory=KEY: reads what stands in a System V segment.
    Probe("shared-memory") { key, detail in
        guard let key = parseNumber(key, base: 10, limit: 1 << 31) else { return EINVAL }
        let segment = shmget(key_t(key), 0, 0)
        guard segment >= 0 else { return cguest_errno() }
        guard let memory = shmat(segment, nil, SHM_RDONLY), Int(bitPattern: memory) != -1 else {
            return cguest_errno()
        }
        detail.append(memory.assumingMemoryBound(to: CChar.self))
        return 0
    },
    // message-queue=NAME: opens a POSIX queue.
    Probe("message-queue") { name, _ in
        let result = cguest_call(Int(SYS_mq_open), address(name), Int(O_RDONLY | O_NONBLOCK), 0, 0, 0)
        return result < 0 ? Int32(-result) : 0
    },
    // file-write=PATH: opens a file of the host for writing.
    Probe("file-write") { path, _ in opens(path, O_WRONLY) },
    // process-root=PID,PATH: the same through /proc/PID/root.
    Probe("process-root") { word, detail in
        let digits = strcspn(word, ",")
        guard word[digits] != 0 else { return EINVAL }
        let rest = word + digits + 1
        let root = path("/proc/", word, length: digits, "/root")
        let whole = UnsafeMutablePointer<CChar>.allocate(capacity: strlen(root) + strlen(rest) + 1)
        strcpy(whole, root)
        strcat(whole, rest)
        return firstLine(of: whole, &detail)
    },
    // process-memory=PID,NONCE: opens the sentinel's memory.
    Probe("process-memory") { word, _ in
        withSentinel(word) { pid, name in opens(path("/proc/", name, length: strlen(name), "/mem"), O_RDONLY)
        }
    },
    // signal=PID,NONCE: kill(2) with signal 0, which only asks whether it may.
    Probe("signal") { word, _ in withSentinel(word) { pid, _ in answer(SYS_kill, Int(pid), 0) } },
    // trace=PID,NONCE: PTRACE_SEIZE, which does not stop what it seizes; it ends with this process.
    Probe("trace") { word, _ in withSentinel(word) { pid, _ in answer(SYS_ptrace, 0x4206, Int(pid), 0, 0) } },
    // join-namespaces=PID,NONCE: setns(2) into the sentinel's mount namespace.
    Probe("join-namespaces") { word, _ in
        withSentinel(word) { _, name in
            let file = cguest_open_as(path("/proc/", name, length: strlen(name), "/ns/mnt"), O_RDONLY)
            guard file >= 0 else { return -file }
            return answer(SYS_setns, Int(file), 0x2_0000)
        }
    },
    Probe("raw-socket") { _, _ in answer(SYS_socket, Int(AF_INET), Int(SOCK_RAW.rawValue), 1) },
    // A way to the hypervisor under the machine, past every network namespace.
    Probe("hypervisor-socket") { _, _ in answer(SYS_socket, 40, Int(SOCK_STREAM.rawValue), 0) },
    // block-device=MAJOR,MINOR,DIRECTORY: makes a node of a disk where it can, opens it for reading, removes it.
    Probe("block-device") { word, detail in blockDevice(word, &detail) },
    Probe("kernel-log-device") { _, _ in opens(literal("/dev/kmsg"), O_RDONLY) },
    Probe("hypervisor-device") { _, _ in opens(literal("/dev/kvm"), O_RDWR) },
    Probe("sysrq") { _, _ in opens(literal("/proc/sysrq-trigger"), O_WRONLY) },
    Probe("core-pattern") { _, _ in opens(literal("/proc/sys/kernel/core_pattern"), O_WRONLY) },
    Probe("swappiness") { _, _ in opens(literal("/proc/sys/vm/swappiness"), O_WRONLY) },
    Probe("sysfs-write") { _, _ in opens(literal("/sys/kernel/mm/transparent_hugepage/enabled"), O_WRONLY) },
    Probe("cgroup-write") { _, detail in
        var code = ENOENT
        let candidates: [StaticString] = [
            "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/cgroup.procs",
            "/sys/fs/cgroup/unified/cgroup.procs",
        ]
        for candidate in candidates where code == ENOENT {
            code = opens(literal(candidate), O_WRONLY)
            if code != ENOENT { detail.append(literal(candidate)) }
        }
        return code
    },
    // A handle of no file: who may open by handle hears that it is stale.
    Probe("file-handle") { _, _ in
        let root = cguest_open_as(literal("/"), O_RDONLY)
        guard root >= 0 else { return -root }
        let handle = zeroed(4)
        handle[0] = 8
        handle[1] = 1
        return answer(SYS_open_by_handle_at, Int(root), address(handle), Int(O_RDONLY))
    },
]

private func connects(_ socket: Int32, _ place: UnsafeMutableRawPointer, _ length: Int) -> Int32 {
    let result = connect(socket, place.assumingMemoryBound(to: sockaddr.self), socklen_t(length))
    let code = cguest_errno()
    close(socket)
    return result == 0 ? 0 : code
}

/// Does something to the process `PID,NONCE` if that is the host's sentinel, and to no other of that number.
private func withSentinel(_ word: Text, _ body: (pid_t, Text) -> Int32) -> Int32 {
    let digits = strcspn(word, ",")
    guard word[digits] != 0 else { return EINVAL }
    let name = path("", word, length: digits)
    guard let pid = parseNumber(name, base: 10, limit: 1 << 30), isSentinel(name, word + digits + 1) else {
        return ESRCH
    }
    return body(pid_t(pid), name)
}

/// Makes the node in the directory that is named, in /dev or in /tmp: the first that takes it.
private func blockDevice(_ word: Text, _ detail: inout Detail) -> Int32 {
    let first = strcspn(word, ",")
    guard word[first] != 0 else { return EINVAL }
    let second = strcspn(word + first + 1, ",")
    guard word[first + 1 + second] != 0,
        let major = parseNumber(path("", word, length: first), base: 10, limit: 4_095),
        let minor = parseNumber(path("", word + first + 1, length: second), base: 10, limit: 1 << 20)
    else { return EINVAL }
    let directory = word + first + second + 2
    var code = EINVAL
    for place in [directory, literal("/dev"), literal("/tmp")] {
        let node = path("", place, length: strlen(place), "/lab-probe-disk")
        code = cguest_make_block_device(node, UInt32(major), UInt32(minor))
        guard code == 0 else { continue }
        detail.append(place)
        code = opens(node, O_RDONLY)
        unlink(node)
        return code
    }
    return code
}
