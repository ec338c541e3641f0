import Artifacts
import Glibc
import LabCore

/// A whole Debian, as small as its own tool makes one, twice: the tree that a container starts from, and a disk with the
/// same tree, a kernel and its modules that a VM starts from. Made once, from packages, and kept in the cache.
struct Distribution: Equatable {
    /// In the cache, named for what it is made of.
    let directory: String

    /// The tree, a container's only layer.
    var root: String { "\(directory)/root" }
    /// That layer as it travels.
    var rootArchive: String { "\(directory)/root.tar.gz" }
    /// The directory of what the VM has beyond it: the package of the kernel, unpacked.
    var kernel: String { "\(directory)/kernel" }
    /// An ext4 file system with both, as a sparse file: what was never written takes no block.
    var disk: String { "\(directory)/disk.img" }
    /// That disk as it travels.
    var diskArchive: String { "\(directory)/disk.tar.gz" }

    /// The options with which it is made; a change of them makes another one.
    private static let bootstrap = ["--quiet", "--variant=minbase"]
    /// Without a journal, which a VM may do without: nothing is on the disk but what must be.
    private static let format = ["-q", "-t", "ext4", "-O", "^has_journal"]
    private static let diskBytes: off_t = 2 << 30
    private static let patience = Duration.seconds(280)
    /// The programs with the packages that they are in.
    private static let programs = [
        ("mmdebstrap", "mmdebstrap"), ("mke2fs", "e2fsprogs"), ("tar", "tar"), ("gzip", "gzip"),
        ("apt-get", "apt"), ("dpkg-deb", "dpkg"),
    ]

    /// Returns the one in the cache, or else makes it now, which takes about 40 s.
    /// - Throws: `.unavailable` when it would have to be made and can't be: without the user's leave to use the network,
    ///   on another distribution, or without a tool; `.permission` without root.
    static func open(_ context: RunContext) throws(LabError) -> Distribution {
        let release = try release()
        let recipe = bootstrap + format + ["\(diskBytes)", Archive.compressor, release.version]
        let key = Digest.sha256(recipe.joined(separator: "\n").utf8).prefix(16)
        let found = Distribution(directory: "\(context.paths.cache)/distribution/\(key)")
        if Files.isDirectory(found.directory) { return found }
        try require(context)
        try found.make(codename: release.codename, context)
        return found
    }

    /// This machine's release: its packages are the ones that apt here can get.
    private static func release() throws(LabError) -> (codename: String, version: String) {
        let release = OSRelease.ofThisMachine
        guard release["ID"] == "debian", let codename = release["VERSION_CODENAME"] else {
            throw LabError(
                .unavailable, "there is no distribution to measure",
                cause: "it is made of Debian's packages, and this machine runs something else")
        }
        return (codename, Files.line("/etc/debian_version") ?? "")
    }

    private static func require(_ context: RunContext) throws(LabError) {
        guard context.mayFetch else {
            throw LabError(
                .unavailable, "there is no distribution to measure",
                cause: "it is not in the cache, and to make it takes the network", remedy: "add --fetch")
        }
        guard geteuid() == 0 else {
            throw LabError(
                .permission, "cannot unpack a distribution as it is",
                cause: "its files belong to several users",
                remedy: "run lab as root")
        }
        let missing = programs.filter { Tool.find($0.0) == nil }.map(\.1)
        guard missing.isEmpty else {
            throw LabError(
                .unavailable, "cannot make a distribution",
                cause: "not installed: \(missing.joined(separator: ", "))",
                remedy: "apt-get install \(missing.joined(separator: " "))")
        }
    }

    /// Makes it beside its place and renames it, so that nobody ever sees half of it.
    private func make(codename: String, _ context: RunContext) throws(LabError) {
        let building = Distribution(directory: "\(directory).building-\(context.runID)")
        try context.journal.record(JournaledResource(.directory, building.directory))
        try Files.removeTree(building.directory)
        try Files.makeDirectory(building.directory)
        defer { try? Files.removeTree(building.directory) }
        try building.bootstrap(codename, context)
        guard rename(building.directory, directory) == 0 || Files.isDirectory(directory) else {
            throw LabError(.output, "cannot keep \(directory)", cause: "\(Errno(errno))")
        }
    }

    private func bootstrap(_ codename: String, _ context: RunContext) throws(LabError) {
        func step(_ program: String, _ words: [String]) throws(LabError) {
            try context.interrupt.check()
            let deadline = MonotonicInstant.now().advanced(by: Self.patience)
            let output = try Tool.run(program, words, in: directory, deadline: deadline)
            guard output.status == 0 else {
                throw LabError(
                    .unavailable,
                    "cannot make a distribution: \(program) failed with status \(output.status)",
                    cause: "\(Shown.lastLine(output.text))",
                    remedy: "check the network and run apt-get update")
            }
        }
        try step("mmdebstrap", Self.bootstrap + [codename, "root"])
        let work = "\(directory)/package"
        try Files.makeDirectory(work)
        let unpacked = try DebianPackage.unpack(try DebianPackage.guestKernel(in: work), in: work)
        guard rename(unpacked, kernel) == 0 else {
            throw LabError(.output, "cannot keep \(kernel)", cause: "\(Errno(errno))")
        }
        try Files.removeTree(work)
        // The disk's tree is the container's by hard links, and the kernel's files beside them. /lib is a link.
        try step("cp", ["--archive", "--link", "root", "both"])
        try step("cp", ["--archive", "kernel/boot/.", "both/boot"])
        try step("cp", ["--archive", "kernel/lib/.", "both/usr/lib"])
        try step("truncate", ["--size=\(Self.diskBytes)", "disk.img"])
        try step("mke2fs", Self.format + ["-d", "both", "disk.img"])
        try Files.removeTree("\(directory)/both")
        try context.interrupt.check()
        _ = try Archive.write([root], to: rootArchive)
        try context.interrupt.check()
        _ = try Archive.write([disk], to: diskArchive)
    }
}
