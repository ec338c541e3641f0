import Glibc
import LabCore

/// The bytes to be sent when one file of an image has changed: the workload, in a new build of it.
///
/// - `shipped-bytes`: the smallest part of the image that its own format can replace;
/// - `delta-bytes`: the blocks of 4 KiB that differ, for a tool that has the old image on the other side too;
/// - `whole-bytes`: all of it, for a machine that has nothing yet.
///
/// All compressed alike. The parameter `setting` says which image, see `ImageSize`.
struct OneFileChange: Experiment {
    let id = "one-file-change"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let engine = engine as? any ImageBased else {
            throw LabError(.unavailable, "\(engine.id) can't name the files of its image")
        }
        let isMachine = engine.kind == .virtualMachine
        return try bench.withScratch(id) { (scratch) throws(LabError) in
            let builds = try Builds(of: bench.context.rootFilesystem, nonce: bench.nonce(), in: scratch)
            let sizes: Sizes
            switch (bench.setting, isMachine) {
            case ("minimal", false):
                let whole = try Archive.write([builds.newRoot], to: "\(scratch)/whole.tar.gz")
                sizes = try layer(builds, whole: whole, in: scratch)
            case ("distribution", false):
                // An image is its layers.
                let base = try Archive.bytes(of: try Distribution.open(bench.context).rootArchive)
                sizes = try layer(builds, whole: nil, below: base, in: scratch)
            case ("minimal", true): sizes = try initramfs(of: engine, builds, in: scratch)
            case ("distribution", true):
                sizes = try disk(try Distribution.open(bench.context), builds, in: scratch)
            default:
                throw LabError(
                    .usage, "one-file-change knows no setting \((bench.setting ?? "").debugDescription)",
                    remedy: "minimal or distribution")
            }
            return Finding(values: [
                "shipped-bytes": Double(sizes.shipped), "delta-bytes": Double(sizes.delta),
                "whole-bytes": Double(sizes.whole),
            ])
        }
    }

    private struct Sizes {
        let shipped: UInt64
        let delta: UInt64
        let whole: UInt64
    }

    /// The format itself sends what differs, file by file: a layer that has just the file.
    /// - Parameters:
    ///   - whole: the whole image; nil where that is this layer and `below`, those beneath it.
    private func layer(
        _ builds: Builds, whole: UInt64?, below: UInt64 = 0, in scratch: String
    ) throws(LabError) -> Sizes {
        let layer = try Archive.write([builds.newProgram], to: "\(scratch)/layer.tar.gz")
        return Sizes(
            shipped: layer,
            delta: try Self.delta(of: builds.newProgram, since: builds.oldProgram, in: scratch),
            whole: whole ?? layer + below)
    }

    /// The kernel stays as it is; the archive of the root is one file.
    private func initramfs(
        of engine: any ImageBased, _ builds: Builds, in scratch: String
    ) throws(LabError) -> Sizes {
        let image = try engine.image()
        let new = try engine.pack(builds.newRoot, to: "\(scratch)/new.cpio")
        let whole = try Archive.write(
            (image.kernel.map { [$0] } ?? []) + [new], to: "\(scratch)/whole.tar.gz")
        let old = try engine.pack(builds.oldRoot, to: "\(scratch)/old.cpio")
        return Sizes(
            shipped: try Archive.write([new], to: "\(scratch)/shipped.tar.gz"),
            delta: try Self.delta(of: new, since: old, in: scratch), whole: whole)
    }

    /// A disk's format knows no part: it is sent whole. What is sent without the changed file is already in the cache.
    private func disk(
        _ distribution: Distribution, _ builds: Builds, in scratch: String
    ) throws(LabError) -> Sizes {
        let disk = DiskImage(path: "\(scratch)/new.img")
        let old = "\(scratch)/old.img"
        try DiskImage.copy(distribution.disk, to: disk.path)
        try disk.write(builds.oldProgram, as: "lab-guest", replacing: false)
        try DiskImage.copy(disk.path, to: old)
        try disk.write(builds.newProgram, as: "lab-guest", replacing: true)
        let whole = try Archive.bytes(of: distribution.diskArchive)
        return Sizes(
            shipped: whole, delta: try Self.delta(of: disk.path, since: old, in: scratch), whole: whole)
    }

    private static func delta(
        of new: String, since old: String, in scratch: String
    ) throws(LabError) -> UInt64 {
        _ = try ChangedBlocks(of: new, since: old, to: "\(scratch)/blocks")
        return try Archive.write(["\(scratch)/blocks"], to: "\(scratch)/blocks.tar.gz")
    }
}

/// Two builds of the root file system that differ in one file.
private struct Builds {
    let oldRoot: String
    let newRoot: String
    var oldProgram: String { oldRoot + RootFilesystem.guestPath }
    var newProgram: String { newRoot + RootFilesystem.guestPath }

    /// - Parameter nonce: what the new build has at its end, where an ELF file's loader never looks.
    init(of root: RootFilesystem, nonce: String, in scratch: String) throws(LabError) {
        oldRoot = root.directory
        newRoot = "\(scratch)/new"
        for name in RootFilesystem.directories { try Files.makeDirectory("\(newRoot)/\(name)") }
        let program = try Files.read(root.hostGuestPath)
        try Files.write(program + Array(nonce.utf8), to: newRoot + RootFilesystem.guestPath, mode: 0o755)
    }
}

/// A disk of a VM that is changed without being mounted, by debugfs(8).
struct DiskImage {
    let path: String
    private static let patience = Duration.seconds(60)

    /// Copies a sparse file with its holes.
    static func copy(_ source: String, to target: String) throws(LabError) {
        let output = try Tool.run(
            "cp", ["--sparse=auto", source, target], in: "/", deadline: .now().advanced(by: patience))
        guard output.status == 0 else {
            throw LabError(.output, "cannot copy \(source)", cause: "\(Shown.lastLine(output.text))")
        }
    }

    /// Puts a file into the disk's root directory as `name`, in place of the one that is there.
    func write(_ file: String, as name: String, replacing: Bool) throws(LabError) {
        let directory = "\(path).files"
        try Files.makeDirectory(directory)
        defer { try? Files.removeTree(directory) }
        // Names without a directory need no quotes.
        try Files.write(try Files.read(file), to: "\(directory)/\(name)", mode: 0o755)
        let commands = (replacing ? ["rm \(name)"] : []) + ["write \(name) \(name)"]
        try Files.write(commands.map { $0 + "\n" }.joined(), to: "\(directory)/commands")
        let output = try Tool.run(
            "debugfs", ["-w", "-f", "commands", path], in: directory,
            deadline: .now().advanced(by: Self.patience))
        // It ends well whatever became of its commands.
        guard output.status == 0, output.text.contains("Allocated inode") else {
            throw LabError(
                .output, "cannot write to the disk \(path)", cause: "\(Shown.lastLine(output.text))",
                remedy: "install e2fsprogs")
        }
    }
}
