import CGuest

/// The probes of what a workload sees of the machine under it. The detail is what it saw; whether that is the host's,
/// only the host can tell.
let visibleProbes: [Probe] = [
    // processes=NONCE: looks for the sentinel in all command lines; tells how many processes there are.
    Probe("processes") { nonce, detail in
        var count: UInt64 = 0
        var found = false
        let code = forEachName(in: literal("/proc")) { name in
            guard parseNumber(name, base: 10, limit: 1 << 30) != nil else { return }
            count += 1
            if !found && isSentinel(name, nonce) { found = true }
        }
        if code != 0 { return code }
        detail.append(number: count)
        return found ? 0 : ESRCH
    },
    // neighbour=NONCE: looks for another workload.
    Probe("neighbour") { nonce, _ in
        var found = false
        let code = forEachName(in: literal("/proc")) { name in
            if !found, parseNumber(name, base: 10, limit: 1 << 30) != nil, isSentinel(name, nonce) {
                found = true
            }
        }
        return code != 0 ? code : found ? 0 : ESRCH
    },
    // file=PATH: reads a file of the host.
    Probe("file") { path, detail in firstLine(of: path, &detail) },
    // host-paths=TEXT: looks for a path of the host among its own mounts.
    Probe("host-paths") { text, detail in
        let mounts = FileText(literal("/proc/self/mountinfo"))
        if mounts.code != 0 { return mounts.code }
        detail.append(literal(mounts.place(of: text) != nil ? "named" : "not named"))
        return 0
    },
    Probe("interfaces") { _, detail in
        names(in: literal("/proc/net/dev"), headerLines: 2, column: 0, &detail)
    },
    Probe("disks") { _, detail in
        names(in: literal("/proc/partitions"), headerLines: 2, column: 3, &detail)
    },
    Probe("hostname") { _, detail in unameField(1, &detail) },
    Probe("cgroup-path") { _, detail in digest(of: literal("/proc/self/cgroup"), &detail) },
    Probe("kernel-release") { _, detail in unameField(2, &detail) },
    Probe("kernel-build") { _, detail in unameField(3, &detail) },
    Probe("boot-id") { _, detail in
        firstLine(of: literal("/proc/sys/kernel/random/boot_id"), &detail)
    },
    Probe("kernel-command-line") { _, detail in digest(of: literal("/proc/cmdline"), &detail) },
    Probe("memory-total") { _, detail in
        var information = sysinfo()
        if let code = Optional(answer(SYS_sysinfo, address(&information))), code != 0 { return code }
        detail.append(number: UInt64(information.totalram) * UInt64(information.mem_unit))
        return 0
    },
    Probe("processors") { _, detail in
        detail.append(number: UInt64(max(0, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        return 0
    },
    Probe("processor-model") { _, detail in
        let text = FileText(literal("/proc/cpuinfo"))
        if text.code != 0 { return text.code }
        guard let line = strstr(text.start, "model name"), var next = strchr(line, 0x3a) else {
            return ENODATA
        }
        next += 1
        while next[0] == 0x20 { next += 1 }
        detail.append(next, length: strcspn(next, "\n"))
        return 0
    },
    Probe("uptime") { _, detail in
        detail.append(number: UInt64(cguest_uptime()) / 1_000_000_000)
        return 0
    },
    Probe("kernel-log") { _, detail in
        // SYSLOG_ACTION_READ_ALL reads and changes nothing.
        answer(SYS_syslog, 3, address(zeroed(16)), 64)
    },
    Probe("kernel-symbols") { _, detail in kernelSymbols() },
    Probe("interrupts") { _, detail in holdsSomething(literal("/proc/interrupts")) },
    Probe("timers") { _, detail in holdsSomething(literal("/proc/timer_list")) },
    Probe("key-list") { _, detail in holdsSomething(literal("/proc/key-users")) },
    Probe("firmware") { _, detail in
        var count: UInt64 = 0
        let code = forEachName(in: literal("/sys/firmware")) { _ in count += 1 }
        detail.append(number: count)
        return code != 0 ? code : count > 0 ? 0 : ENODATA
    },
]

/// Returns true when the process of this number is the host's sentinel, which carries the nonce behind a word that no
/// command line of a workload has.
func isSentinel(_ pid: Text, _ nonce: Text) -> Bool {
    let line = FileText(path("/proc/", pid, length: strlen(pid), "/cmdline"))
    defer { line.start.deallocate() }
    guard nonce[0] != 0, line.code == 0 else { return false }
    let mark: StaticString = "lab-sentinel"
    guard let place = line.place(of: literal(mark)) else { return false }
    let rest = line.start + place + mark.utf8CodeUnitCount
    return rest[0] == 0 && strcmp(rest + 1, nonce) == 0
}

/// The first line of a file.
func firstLine(of path: Text, _ detail: inout Detail) -> Int32 {
    let text = FileText(path)
    if text.code != 0 { return text.code }
    detail.append(text.start, length: min(text.trimmed, strcspn(text.start, "\n")))
    return 0
}

/// The digest of a file's first bytes.
func digest(of path: Text, _ detail: inout Detail) -> Int32 {
    let text = FileText(path)
    if text.code != 0 { return text.code }
    var digest = TextDigest()
    for index in 0..<text.trimmed { digest.absorb(UInt8(bitPattern: text.start[index])) }
    detail.append(hexadecimal: digest.value)
    return 0
}

/// Returns 0 for a file that can be read and is not empty: what hides one is an empty file in its place.
private func holdsSomething(_ path: Text) -> Int32 {
    let text = FileText(path)
    return text.code != 0 ? text.code : text.length > 0 ? 0 : ENODATA
}

/// One column of a table, joined by commas; the names of interfaces end with a colon there.
private func names(in path: Text, headerLines: Int, column: Int, _ detail: inout Detail) -> Int32 {
    let text = FileText(path)
    if text.code != 0 { return text.code }
    var next = UnsafePointer(text.start)
    var line = 0
    var found = 0
    while next[0] != 0 {
        let length = strcspn(next, "\n")
        if line >= headerLines && length > 0 {
            var start = next
            let end = next + length
            for place in 0...column {
                while start < end && start[0] == 0x20 { start += 1 }
                if place < column {
                    while start < end && start[0] != 0x20 { start += 1 }
                }
            }
            let size = min(strcspn(start, " :\n"), end - start)
            if size > 0 {
                if found > 0 { detail.append(byte: 0x2c) }
                detail.append(start, length: size)
                found += 1
            }
        }
        line += 1
        next += length
        if next[0] != 0 { next += 1 }
    }
    return found > 0 ? 0 : ENODATA
}

/// One field of uname(2): 1 the host's name, 2 the release, 3 the version. All are arrays of the same length.
private func unameField(_ place: Int, _ detail: inout Detail) -> Int32 {
    var system = utsname()
    guard uname(&system) == 0 else { return cguest_errno() }
    let size = MemoryLayout.size(ofValue: system.nodename)
    withUnsafePointer(to: &system) { system in
        detail.append((UnsafeRawPointer(system) + place * size).assumingMemoryBound(to: CChar.self))
    }
    return 0
}

/// Returns 0 when /proc/kallsyms shows an address: without the right the kernel shows zeros, which is EPERM here.
private func kernelSymbols() -> Int32 {
    let file = cguest_open_as(literal("/proc/kallsyms"), O_RDONLY)
    guard file >= 0 else { return -file }
    defer { close(file) }
    let capacity = 1 << 16
    let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
    var isAddress = true
    // The symbols of the processors' own data have small addresses and come first.
    for _ in 0..<64 {
        let length = read(file, buffer, capacity)
        if length <= 0 { break }
        for index in 0..<length {
            switch buffer[index] {
            case 0x0a: isAddress = true
            case 0x20: isAddress = false
            case 0x30: break
            default: if isAddress { return 0 }
            }
        }
    }
    return EPERM
}
