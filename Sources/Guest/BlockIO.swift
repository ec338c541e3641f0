import CGuest

/// block-io PLACE direct|cached SEED MILLISECONDS: see `Workload.blockIO`.
func blockIO(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    guard let place = arguments[0], let mode = arguments[1], let text = arguments[2],
        let seed = arguments.number(2, limit: UInt(UInt32.max)),
        let milliseconds = arguments.number(3, limit: 60_000)
    else { return refuse("lab-guest: block-io needs a place, direct or cached, a seed and milliseconds\n") }
    let isDirect = strcmp(mode, "direct") == 0
    guard isDirect || strcmp(mode, "cached") == 0 else {
        return refuse("lab-guest: block-io is direct or cached\n")
    }
    do throws(Failure) {
        let directory = try session.machine.storage(place)
        var file = try StorageFile(in: directory, seed: UInt64(seed), isDirect: isDirect)
        try file.fill()
        session.ready()
        for operation in storageOperations {
            // Nothing of the last is still on its way.
            try file.sync()
            session.channel.send("output", text: literal(operation.name))
            let end = cguest_uptime() &+ UInt64(milliseconds) &* 1_000_000
            var count: UInt64 = 0
            repeat {
                try operation.perform(&file)
                count += 1
            } while cguest_uptime() < end
            session.channel.send("output", text: literal("done"))
            session.channel.send(operation.metric, number: count)
        }
        try file.verify()
    } catch {
        complain(error)
        return Status.system
    }
    session.channel.send("output", text: text)
    session.waitForever()
}

/// One thing that is done again and again.
private struct StorageOperation: Sendable {
    let name: StaticString
    let metric: StaticString
    let perform: @Sendable (inout StorageFile) throws(Failure) -> Void
}

private let storageOperations: [StorageOperation] = [
    StorageOperation(name: "sequential-write", metric: "metric sequential-write") {
        (file: inout StorageFile) throws(Failure) in try file.writeNext()
    },
    StorageOperation(name: "sequential-read", metric: "metric sequential-read") {
        (file: inout StorageFile) throws(Failure) in try file.readNext()
    },
    StorageOperation(name: "random-read", metric: "metric random-read") {
        (file: inout StorageFile) throws(Failure) in try file.readAnywhere()
    },
    StorageOperation(name: "random-write", metric: "metric random-write") {
        (file: inout StorageFile) throws(Failure) in try file.writeAnywhere()
    },
    StorageOperation(name: "fsync", metric: "metric fsync") {
        (file: inout StorageFile) throws(Failure) in
        try file.writeAnywhere()
        try file.sync()
    },
]

/// A file of 64 MiB without a name. Each of its blocks of 4 KiB begins and ends with a word that tells it, and how often
/// it was written, apart from all others.
private struct StorageFile {
    private static let blockBytes = 4_096
    private static let blocks = 16_384
    /// Blocks that are written or read at once, one after the other: 1 MiB.
    private static let run = 256

    private let descriptor: Int32
    private let seed: UInt64
    private let buffer = UnsafeMutableRawPointer.allocate(
        byteCount: blockBytes * run, alignment: blockBytes)
    /// How often each block was written.
    private let versions = UnsafeMutablePointer<UInt32>.allocate(capacity: blocks)
    /// The first block of the next run.
    private var next = 0
    private var random: UInt64

    init(in directory: Text, seed: UInt64, isDirect: Bool) throws(Failure) {
        descriptor = try namelessFile(in: directory)
        if isDirect, cguest_bypass_cache(descriptor) != 0 {
            throw Failure("cannot open its file past the page cache")
        }
        self.seed = seed
        random = seed
        versions.initialize(repeating: 0, count: Self.blocks)
        // Nothing that a disk could make smaller.
        for offset in stride(from: 0, to: Self.blockBytes * Self.run, by: 8) {
            buffer.storeBytes(of: mix(seed &+ UInt64(offset)), toByteOffset: offset, as: UInt64.self)
        }
    }

    mutating func fill() throws(Failure) {
        for _ in 0..<(Self.blocks / Self.run) { try writeNext() }
        try sync()
    }

    func sync() throws(Failure) {
        guard fsync(descriptor) == 0 else { throw Failure("cannot synchronise its file") }
    }

    mutating func writeNext() throws(Failure) { try write(takeRun(), Self.run) }
    mutating func readNext() throws(Failure) { try read(takeRun(), Self.run) }
    mutating func writeAnywhere() throws(Failure) { try write(draw(), 1) }
    mutating func readAnywhere() throws(Failure) { try read(draw(), 1) }

    /// Reads all of it and compares.
    mutating func verify() throws(Failure) {
        for first in stride(from: 0, to: Self.blocks, by: Self.run) { try read(first, Self.run) }
    }

    private mutating func takeRun() -> Int {
        let first = next
        next = (first + Self.run) % Self.blocks
        return first
    }

    private mutating func draw() -> Int {
        random = random &+ golden
        return Int(truncatingIfNeeded: mix(random) % UInt64(Self.blocks))
    }

    private func word(_ block: Int, end: UInt64) -> UInt64 {
        mix(seed &+ mix(UInt64(block) << 33 | UInt64(versions[block]) << 1 | end))
    }

    private func write(_ first: Int, _ count: Int) throws(Failure) {
        for index in 0..<count {
            let (block, start) = (first + index, index * Self.blockBytes)
            versions[block] = versions[block] &+ 1
            buffer.storeBytes(of: word(block, end: 0), toByteOffset: start, as: UInt64.self)
            buffer.storeBytes(
                of: word(block, end: 1), toByteOffset: start + Self.blockBytes - 8, as: UInt64.self)
        }
        let bytes = count * Self.blockBytes
        let written = pwrite(descriptor, buffer, bytes, first * Self.blockBytes)
        guard written == bytes else {
            throw Failure("cannot write its file", code: written < 0 ? cguest_errno() : ENOSPC)
        }
    }

    private func read(_ first: Int, _ count: Int) throws(Failure) {
        let bytes = count * Self.blockBytes
        let taken = pread(descriptor, buffer, bytes, first * Self.blockBytes)
        guard taken == bytes else {
            throw Failure("cannot read its file", code: taken < 0 ? cguest_errno() : EIO)
        }
        for index in 0..<count {
            let (block, start) = (first + index, index * Self.blockBytes)
            guard buffer.load(fromByteOffset: start, as: UInt64.self) == word(block, end: 0),
                buffer.load(fromByteOffset: start + Self.blockBytes - 8, as: UInt64.self)
                    == word(block, end: 1)
            else { throw Failure("its file does not hold what was written", code: 0) }
        }
    }
}
