import CGuest

/// `memory-bandwidth`: STREAM's triad, a = b + 3 c, over three arrays of 16 MiB, more than the caches hold. A round does
/// half of the arrays; after two rounds the arrays change places, so that what was written is read.
///
/// Words, not doubles: under emulation those would measure arithmetic.
struct BandwidthWork: FixedWork {
    private static let words = 1 << 21
    private static let slice = 1 << 20
    /// Words between two arrays: 18 pages and a third, lest equal indices fall on one place of every cache and of an
    /// emulator's table of pages.
    private static let gap = 18 * 512 + 168

    private var target: UnsafeMutablePointer<UInt64>
    private var first: UnsafeMutablePointer<UInt64>
    private var second: UnsafeMutablePointer<UInt64>

    init(_ setting: Setting) throws(Failure) {
        let distance = Self.words + Self.gap
        let bytes = 3 * distance * MemoryLayout<UInt64>.size
        target = try mapPages(bytes).bindMemory(to: UInt64.self, capacity: 3 * distance)
        first = target + distance
        second = first + distance
        for index in 0..<Self.words {
            target[index] = UInt64(index) &* golden
            first[index] = UInt64(Self.words + index) &* golden
            second[index] = UInt64(2 * Self.words + index) &* golden
        }
    }

    mutating func round(_ number: UInt64, _ digest: inout Digest) {
        let start = Int(number) * Self.slice % Self.words
        var sum: UInt64 = 0
        for index in start..<start + Self.slice {
            let word = first[index] &+ 3 &* second[index]
            target[index] = word
            sum &+= word
        }
        digest.absorb(sum)
        if start + Self.slice == Self.words { (target, first, second) = (first, second, target) }
    }
}

/// `memory-random`: follows a chain through 64 MiB, one word in each line of 64 bytes, where each address comes from the
/// load before.
///
/// The chain is the orbit of a linear congruential generator (factor and increment of Numerical Recipes), which modulo
/// a power of two visits every line before the first comes again (Hull, Dobell 1962), in an order that no prefetcher
/// foresees.
struct RandomAccessWork: FixedWork {
    private static let lines: UInt64 = 1 << 20
    private static let wordsPerLine = 8
    private static let hops = 7_000

    private let chain: UnsafeMutablePointer<UInt64>
    private var line: UInt64 = 0

    init(_ setting: Setting) throws(Failure) {
        let words = Int(Self.lines) * Self.wordsPerLine
        chain = try mapPages(words * MemoryLayout<UInt64>.size).bindMemory(to: UInt64.self, capacity: words)
        for line in 0..<Self.lines {
            chain[Int(line) * Self.wordsPerLine] = (line &* 1_664_525 &+ 1_013_904_223) % Self.lines
        }
    }

    mutating func round(_ number: UInt64, _ digest: inout Digest) {
        for _ in 0..<Self.hops { line = chain[Int(line) * Self.wordsPerLine] }
        digest.absorb(line)
    }
}

/// `page-fault`: maps 768 pages, writes to each page, reads what it wrote, unmaps.
struct PageFaultWork: FixedWork {
    private static let pages = 768

    private let page = sysconf(Int32(_SC_PAGESIZE))

    init(_ setting: Setting) {}

    func round(_ number: UInt64, _ digest: inout Digest) throws(Failure) {
        let length = Self.pages * page
        let memory = try mapPages(length)
        // Written first: a page that is read first faults twice.
        for index in 0..<Self.pages {
            memory.storeBytes(
                of: number << 32 | UInt64(index), toByteOffset: index * page, as: UInt64.self)
        }
        var sum: UInt64 = 0
        for index in 0..<Self.pages { sum &+= memory.load(fromByteOffset: index * page, as: UInt64.self) }
        digest.absorb(sum)
        guard munmap(memory, length) == 0 else { throw Failure("cannot unmap memory") }
    }
}
