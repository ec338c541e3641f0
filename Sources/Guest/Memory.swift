import CGuest

/// Zeroed private memory in pages of the base size, so that neither the host's nor a guest's policy about huge
/// pages decides what is measured. None of it is touched yet.
func mapPages(_ length: Int) throws(Failure) -> UnsafeMutableRawPointer {
    guard let memory = cguest_map(length) else { throw Failure("cannot map memory") }
    // Fails on a kernel without huge pages, which has none to refuse.
    _ = madvise(memory, length, MADV_NOHUGEPAGE)
    return UnsafeMutableRawPointer(memory)
}

/// Takes so much memory until the program ends.
func keep(bytes length: Int) throws(Failure) {
    guard length > 0 else { return }
    guard let memory = cguest_map(length) else { throw Failure("cannot map memory") }
    fill(UnsafeMutableRawPointer(memory), length)
}

/// Writes to every page, a number of its own to each, so that no two are alike and none can be merged.
func fill(_ memory: UnsafeMutableRawPointer, _ length: Int) {
    for offset in stride(from: 0, to: length, by: sysconf(Int32(_SC_PAGESIZE))) {
        memory.storeBytes(of: offset + 1, toByteOffset: offset, as: Int.self)
    }
}

/// Sends `metric memory-total-bytes` and `metric memory-available-bytes`: MemTotal and MemAvailable of
/// /proc/meminfo, proc(5), which is this kernel's view. Says nothing of what can't be read.
func reportMemory(on channel: Channel) {
    let file = cguest_open("/proc/meminfo")
    guard file >= 0 else { return }
    defer { close(file) }
    // Both stand in the first lines.
    let capacity = 1_024
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
    defer { text.deallocate() }
    let length = read(file, text, capacity - 1)
    guard length > 0 else { return }
    text[length] = 0
    if let total = kibibytes(of: "MemTotal:", in: text) {
        channel.send("metric memory-total-bytes", number: total << 10)
    }
    if let available = kibibytes(of: "MemAvailable:", in: text) {
        channel.send("metric memory-available-bytes", number: available << 10)
    }
}

/// The number in the line `KEY   N kB`; nil when there is no such line.
private func kibibytes(of key: StaticString, in text: Text) -> UInt64? {
    guard var next = strstr(text, literal(key)) else { return nil }
    next += key.utf8CodeUnitCount
    let value = strtoull(next, nil, 10)
    return value > 0 && value < 1 << 50 ? value : nil
}
