import CGuest

/// One thing that a workload tries with its kernel or its host, see `probe` in the table of workloads.
struct Probe: Sendable {
    let name: StaticString
    /// Tries it in a process of its own, with what followed `name=`.
    /// - Returns: 0 when it could be done, else the errno that stood in the way.
    let run: @Sendable (_ parameter: Text, _ detail: inout Detail) -> Int32

    init(_ name: StaticString, run: @escaping @Sendable (_ parameter: Text, _ detail: inout Detail) -> Int32)
    {
        self.name = name
        self.run = run
    }

    /// The probes that `all` stands for; a test of the host holds its own list to this one.
    static let all = visibleProbes + reachableProbes + containedProbes
    /// Those that are made only when they are asked for by name.
    static let others = kernelProbes

    /// The probe of this name.
    static func named(_ word: Text) -> Probe? {
        for probe in all + others where isNamed(word, probe.name) { return probe }
        return nil
    }
}

/// Returns true when `word` is `NAME` or `NAME=…`.
func isNamed(_ word: Text, _ name: StaticString) -> Bool {
    guard let rest = suffix(of: word, after: name) else { return false }
    return rest[0] == 0 || rest[0] == 0x3d
}

/// The finding of a probe beside its result: at most so many bytes, the rest is cut.
struct Detail {
    static let capacity = 400
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    private(set) var count = 0

    mutating func append(byte: UInt8) {
        guard count < Detail.capacity else { return }
        bytes[count] = byte
        count += 1
    }

    mutating func append(_ start: UnsafePointer<CChar>, length: Int) {
        for index in 0..<length { append(byte: UInt8(bitPattern: start[index])) }
    }

    /// A C string.
    mutating func append(_ text: Text) { append(text, length: strlen(text)) }

    mutating func append(number: UInt64) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(byte: UInt8(truncatingIfNeeded: number / divisor % 10) + 0x30)
            divisor /= 10
        }
    }

    mutating func append(hexadecimal number: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
            append(byte: digit < 10 ? 0x30 + digit : 0x61 - 10 + digit)
        }
    }
}

/// FNV-1a (64 bit), by which guest and host compare texts that are too long to send.
struct TextDigest {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325
    mutating func absorb(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    mutating func absorb(_ text: Text) {
        var next = text
        while next[0] != 0 {
            absorb(UInt8(bitPattern: next[0]))
            next += 1
        }
    }
}

/// A system call's answer as a probe's: 0, or the errno.
func answer(_ number: Int32, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0, _ e: Int = 0) -> Int32 {
    let result = cguest_call(Int(number), a, b, c, d, e)
    return result < 0 ? Int32(-result) : 0
}

/// The address of memory, for a system call.
func address(_ pointer: UnsafeRawPointer) -> Int { Int(bitPattern: pointer) }

/// Zeroed memory that lives as long as the process.
func zeroed(_ count: Int) -> UnsafeMutablePointer<UInt32> {
    let memory = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
    memory.initialize(repeating: 0, count: count)
    return memory
}

/// Opens a file and closes it again.
func opens(_ path: Text, _ flags: Int32) -> Int32 {
    let file = cguest_open_as(path, flags)
    if file < 0 { return -file }
    close(file)
    return 0
}

/// The first bytes of a file, ended by NUL.
struct FileText {
    static let capacity = 1 << 16
    let start = UnsafeMutablePointer<CChar>.allocate(capacity: capacity + 1)
    let length: Int
    /// The errno of the failure, 0 when it could be read.
    let code: Int32

    init(_ path: Text) {
        start[0] = 0
        let file = cguest_open_as(path, O_RDONLY)
        guard file >= 0 else {
            length = 0
            code = -file
            return
        }
        defer { close(file) }
        var length = 0
        while length < FileText.capacity {
            let count = read(file, start + length, FileText.capacity - length)
            if count < 0 {
                self.length = 0
                code = cguest_errno()
                return
            }
            if count == 0 { break }
            length += count
        }
        start[length] = 0
        self.length = length
        code = 0
    }

    /// The length without what white space ends it.
    var trimmed: Int {
        var end = length
        while end > 0, start[end - 1] == 0x0a || start[end - 1] == 0x20 { end -= 1 }
        return end
    }

    /// Returns the place where `text` begins, nil when it is not in there.
    func place(of text: Text) -> Int? {
        let size = strlen(text)
        guard size > 0, size <= length else { return nil }
        for place in 0...(length - size) where memcmp(start + place, text, size) == 0 { return place }
        return nil
    }
}

/// The names in a directory, but `.` and `..`.
/// - Returns: 0, or the errno of opendir(3).
func forEachName(in directory: Text, _ body: (Text) -> Void) -> Int32 {
    guard let stream = opendir(directory) else { return cguest_errno() }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
        withUnsafePointer(to: &entry.pointee.d_name) { tuple in
            tuple.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                guard strcmp(name, ".") != 0, strcmp(name, "..") != 0 else { return }
                body(name)
            }
        }
    }
    return 0
}

/// `before`, a number or a name, and `after` as one path.
func path(_ before: StaticString, _ middle: Text, length: Int, _ after: StaticString = "") -> Text {
    let size = before.utf8CodeUnitCount + length + after.utf8CodeUnitCount
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: size + 1)
    memcpy(text, before.utf8Start, before.utf8CodeUnitCount)
    memcpy(text + before.utf8CodeUnitCount, middle, length)
    memcpy(text + before.utf8CodeUnitCount + length, after.utf8Start, after.utf8CodeUnitCount)
    text[size] = 0
    return Text(text)
}
