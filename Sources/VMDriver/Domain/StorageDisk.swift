import Artifacts
import Glibc
import LabCore

/// A disk that a guest writes to: a raw file of the host's with a file system in it, which the guest knows by its serial.
public struct StorageDisk: Equatable, Sendable {
    public var path: String
    public var cache: VMVariant.DiskCache

    static let serial = "lab-storage"
    static let fileSystem = TreeDisk.Format.ext4.rawValue
    /// What the file system takes for itself, with room to spare: its journal above all.
    private static let overhead: UInt64 = 64 << 20
    private static let patience = Duration.seconds(120)

    public init(path: String, cache: VMVariant.DiskCache) {
        self.path = path
        self.cache = cache
    }

    /// That of a request; nil where it asks for none.
    /// - Throws: `.usage` where the room is there and no disk, or a disk and no room.
    init?(of request: LaunchRequest) throws(LabError) {
        switch (request.storage, request.condition.variant?.diskCache) {
        case (nil, nil): return nil
        case (let storage?, let cache?): self.init(path: Self.path(in: storage.directory), cache: cache)
        case (nil, _?):
            throw LabError(
                .usage, "a VM with the variant disk-cache needs something to write to its disk",
                remedy: "say it for the lab block-io")
        case (_?, nil): throw Self.cacheIsUnsaid
        }
    }

    private static var cacheIsUnsaid: LabError {
        LabError(
            .usage, "the disk of a VM needs a cache mode",
            remedy: "add the variant disk-cache=none or writeback")
    }

    private static func path(in directory: String) -> String { "\(directory)/disk.img" }

    /// Makes the file, with all of its blocks, and the file system in it.
    /// - Throws: `.unavailable` without the program for it, `.output` where there is no room.
    static func make(
        in directory: String, bytes: UInt64, cache: VMVariant.DiskCache?, for user: QEMUUser?
    ) throws(LabError) -> InstanceStorage {
        guard let cache else { throw cacheIsUnsaid }
        let tool = TreeDisk.Format.ext4.tool
        guard Tool.find(tool.name) != nil else {
            throw LabError(
                .unavailable, "there is no \(tool.name) to make a disk with",
                remedy: "apt-get install \(tool.package)")
        }
        let path = path(in: directory)
        do throws(Errno) {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            // Returns the error's number.
            let code = posix_fallocate(file.rawValue, 0, off_t(bytes + overhead))
            if code != 0 { throw Errno(code) }
        } catch {
            throw LabError(
                .output, "cannot make the disk \(path)", cause: "\(error)",
                remedy: FullFileSystem.remedy(error, at: path))
        }
        // All of it now: what is put off, the guest's kernel would do while it is measured.
        let options = "nodiscard,lazy_itable_init=0,lazy_journal_init=0"
        let output = try Tool.run(
            tool.name, ["-q", "-F", "-t", fileSystem, "-m", "0", "-E", options, path], in: "/",
            deadline: .now().advanced(by: patience))
        guard output.status == 0 else {
            throw LabError(
                .output, "cannot make a file system on \(path)",
                cause: "\(ForeignText.line(output.text.trimmingWhitespace(), most: 400))")
        }
        try MachineFiles.hand(path, to: user)
        return InstanceStorage(
            directory: directory, place: "disk:\(serial)",
            title: "\(fileSystem) in the guest, on virtio-blk, on a raw file; cache=\(cache.rawValue)")
    }
}
