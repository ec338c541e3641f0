import CGuest

/// A file of blocks of 64 KiB, without a name.
struct BlockFile {
    static let blockBytes = 64 << 10
    /// A block holds so many words that tell it apart, one each 4 KiB.
    static let stamps = 16
    private static let stride = blockBytes / stamps

    let descriptor: Int32
    /// The block to write, and the one that was read.
    let source = UnsafeMutableRawPointer.allocate(byteCount: blockBytes, alignment: 4_096)
    let copy = UnsafeMutableRawPointer.allocate(byteCount: blockBytes, alignment: 4_096)

    /// In the directory that was asked for; else in /dev/shm where it is a tmpfs, else in /tmp. So by default a bare
    /// process and a container write to memory as a VM does, whose root is unpacked into it, and the
    /// host's disk is no part of the comparison.
    init(_ setting: Setting) throws(Failure) {
        let directory = setting.directory ?? Self.defaultDirectory()
        descriptor = try namelessFile(in: directory)
        for offset in Swift.stride(from: 0, to: Self.blockBytes, by: 8) {
            source.storeBytes(of: mix(UInt64(offset)), toByteOffset: offset, as: UInt64.self)
        }
    }

    private static func defaultDirectory() -> Text {
        var system = statfs()
        let tmpfs = 0x0102_1994
        let isInMemory = statfs("/dev/shm", &system) == 0 && system.f_type == tmpfs
        return isInMemory ? literal("/dev/shm") : literal("/tmp")
    }

    /// Puts words into the source that nothing else holds: those of `number`.
    func stamp(_ number: UInt64) {
        for index in 0..<Self.stamps {
            source.storeBytes(
                of: mix(number &* UInt64(Self.stamps) &+ UInt64(index)), toByteOffset: index * Self.stride,
                as: UInt64.self)
        }
    }

    func write(block: Int) throws(Failure) {
        let count = pwrite(descriptor, source, Self.blockBytes, block * Self.blockBytes)
        guard count == Self.blockBytes else {
            throw Failure("cannot write its file", code: count < 0 ? cguest_errno() : ENOSPC)
        }
    }

    func sync() throws(Failure) {
        guard fsync(descriptor) == 0 else { throw Failure("cannot synchronise its file") }
    }

    /// Reads a block and takes its stamps into the digest.
    func read(block: Int, _ digest: inout Digest) throws(Failure) {
        let count = pread(descriptor, copy, Self.blockBytes, block * Self.blockBytes)
        guard count == Self.blockBytes else {
            throw Failure("cannot read its file", code: count < 0 ? cguest_errno() : EIO)
        }
        for index in 0..<Self.stamps {
            digest.absorb(copy.load(fromByteOffset: index * Self.stride, as: UInt64.self))
        }
    }

    /// `metric filesystem-magic`: f_type of statfs(2), which says what the file system really was.
    func report(on channel: Channel) throws(Failure) {
        var system = statfs()
        guard fstatfs(descriptor, &system) == 0 else { throw Failure("cannot examine its file system") }
        channel.send("metric filesystem-magic", number: UInt64(UInt32(truncatingIfNeeded: system.f_type)))
    }
}

/// `file-write`: empties a file, writes 2 MiB, fsync(2), reads it back and compares.
struct FileWriteWork: FixedWork {
    private static let blocks = 32

    private let file: BlockFile

    init(_ setting: Setting) throws(Failure) { file = try BlockFile(setting) }

    func round(_ number: UInt64, _ digest: inout Digest) throws(Failure) {
        guard ftruncate(file.descriptor, 0) == 0 else { throw Failure("cannot empty its file") }
        let first = number &* UInt64(Self.blocks)
        for block in 0..<Self.blocks {
            file.stamp(first &+ UInt64(block))
            try file.write(block: block)
        }
        try file.sync()
        for block in 0..<Self.blocks {
            try file.read(block: block, &digest)
            file.stamp(first &+ UInt64(block))
            guard memcmp(file.source, file.copy, BlockFile.blockBytes) == 0 else {
                throw Failure("its file does not hold what was written", code: 0)
            }
        }
    }

    func report(on channel: Channel) throws(Failure) { try file.report(on: channel) }
}

/// `file-read`: reads 4 MiB that were written before, from the page cache, four times.
struct FileReadWork: FixedWork {
    private static let blocks = 64
    private static let passes = 4

    private let file: BlockFile

    init(_ setting: Setting) throws(Failure) {
        file = try BlockFile(setting)
        for block in 0..<Self.blocks {
            file.stamp(UInt64(block))
            try file.write(block: block)
        }
        try file.sync()
    }

    func round(_ number: UInt64, _ digest: inout Digest) throws(Failure) {
        for _ in 0..<Self.passes {
            for block in 0..<Self.blocks { try file.read(block: block, &digest) }
        }
    }

    func report(on channel: Channel) throws(Failure) { try file.report(on: channel) }
}
