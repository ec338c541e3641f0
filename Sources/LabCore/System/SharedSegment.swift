import Glibc

/// A System V shared memory segment, which is no file and outlives its maker: shmget(2).
public struct SharedSegment: Sendable {
    public let key: Int32
    private let identifier: Int32

    /// Makes one that holds `text`, written down in the journal first.
    /// - Throws: `.output` when the kernel refuses, or somebody has that key.
    public init(key: Int32, holding text: String, journal: RunJournal) throws(LabError) {
        self.key = key
        try journal.record(JournaledResource(.sharedMemory, "\(key)"))
        do throws(Errno) {
            identifier = try checked { shmget(key, Self.size, Int32(IPC_CREAT) | Int32(IPC_EXCL) | 0o600) }
        } catch {
            throw LabError(.output, "cannot make the shared memory segment \(key)", cause: "\(error)")
        }
        withMemory { memory in
            for (place, byte) in text.utf8.prefix(Self.size - 1).enumerated() {
                memory.storeBytes(of: byte, toByteOffset: place, as: UInt8.self)
            }
        }
    }

    /// The text that it holds now; nil when it is gone.
    public var text: String? {
        var found: String?
        withMemory { found = String(cString: $0.assumingMemoryBound(to: CChar.self)) }
        return found
    }

    public func remove() { shmctl(identifier, IPC_RMID, nil) }

    /// Removes the segment that a journal names, if it is still one of ours by maker and size; one that is gone is no
    /// error.
    public static func remove(_ name: String) throws(LabError) {
        // IPC_PRIVATE is no key: each call of it makes a segment.
        guard let key = Int32(name), key > 0 else {
            throw LabError(.data, "\(name.debugDescription) is no key of a shared memory segment")
        }
        // A larger one has another maker: then the call fails.
        let identifier = shmget(key, size, 0)
        guard identifier >= 0 else { return }
        var status = shmid_ds()
        guard shmctl(identifier, IPC_STAT, &status) == 0, status.shm_segsz == size,
            status.shm_perm.cuid == geteuid()
        else { return }
        shmctl(identifier, IPC_RMID, nil)
    }

    /// An unusual size, by which a later run knows a segment of ours.
    private static let size = 509

    private func withMemory(_ body: (UnsafeMutableRawPointer) -> Void) {
        guard let memory = shmat(identifier, nil, 0), Int(bitPattern: memory) != -1 else { return }
        body(memory)
        shmdt(memory)
    }
}
