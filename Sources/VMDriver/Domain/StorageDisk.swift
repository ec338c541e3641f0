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
        try requireTool()
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
        try makeFileSystem(["-E", options, path], on: path)
        try MachineFiles.hand(path, to: user)
        return storage(in: directory, cache)
    }

    private static func storage(in directory: String, _ cache: VMVariant.DiskCache) -> InstanceStorage {
        InstanceStorage(
            directory: directory, place: "disk:\(serial)",
            title: "\(fileSystem) in the guest, on virtio-blk, on a raw file; cache=\(cache.rawValue)")
    }

    private static func requireTool() throws(LabError) {
        let tool = TreeDisk.Format.ext4.tool
        guard Tool.find(tool.name) == nil else { return }
        throw LabError(
            .unavailable, "there is no \(tool.name) to make a disk with",
            remedy: "apt-get install \(tool.package)")
    }

    /// - Parameter words: the last of those of its program.
    private static func makeFileSystem(_ words: [String], on path: String) throws(LabError) {
        let output = try Tool.run(
            TreeDisk.Format.ext4.tool.name, ["-q", "-F", "-t", fileSystem, "-m", "0"] + words, in: "/",
            deadline: .now().advanced(by: patience))
        guard output.status == 0 else {
            throw LabError(
                .output, "cannot make a file system on \(path)",
                cause: "\(ForeignText.line(output.text.trimmingWhitespace(), most: 400))")
        }
    }

    /// Makes a file with a file system in it that holds all below a directory, root's, for copies of it. It has holes.
    /// - Parameter bytes: that are free in it.
    static func make(of content: String, at path: String, bytes: UInt64) throws(LabError) {
        try requireTool()
        var usage = DiskUsage()
        try usage.add(content)
        let mebibytes = (usage.allocatedBytes + bytes + overhead) >> 20
        // What is lost with its machine needs no journal.
        try makeFileSystem(
            ["-O", "^has_journal", "-E", "root_owner=0:0", "-d", content, path, "\(mebibytes)M"], on: path)
    }

    /// A copy of such a file, for one instance.
    static func copy(
        _ image: String, to directory: String, for user: QEMUUser?
    ) throws(LabError) -> InstanceStorage {
        let path = path(in: directory)
        let output = try Tool.run(
            "cp", ["--sparse=always", "--reflink=auto", image, path], in: "/",
            deadline: .now().advanced(by: patience))
        guard output.status == 0, chmod(path, 0o600) == 0 else {
            throw LabError(
                .output, "cannot make the disk \(path)",
                cause: "\(ForeignText.line(output.text.trimmingWhitespace(), most: 400))",
                remedy: FullFileSystem.line(in: output.text).map { _ in FullFileSystem.remedy(at: path) })
        }
        try MachineFiles.hand(path, to: user)
        return storage(in: directory, .writeback)
    }
}
