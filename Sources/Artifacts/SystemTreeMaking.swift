import Glibc
import LabCore

extension SystemRecipe {
    /// SHA-256 of the recipe: the tree's name in the cache.
    public var digest: String { Digest.sha256(text.utf8) }
}

extension SystemTree {
    private static let what: Message = "a complete system"

    /// Finds the tree of this machine's distribution in the cache, or makes it.
    /// - Parameter mayMake: whether packages may be downloaded for it: about 80 MB, and two minutes.
    /// - Throws: `.unavailable` where there is none, or none can be made.
    public static func of(
        _ guest: RootFilesystem, paths: LabPaths, mayMake: Bool
    ) throws(LabError) -> SystemTree {
        let recipe = try SystemRecipe(
            release: (try? Files.readText("/etc/os-release")) ?? "", guestDigest: guest.guestDigest)
        let place = "\(paths.cache)/system/\(recipe.digest)"
        if let tree = found(at: place, recipe) { return tree }
        guard mayMake else {
            throw LabError(
                .unavailable, "there is no complete system in the cache",
                cause:
                    "it is made of the distribution's packages, and lab uses the network only when told to",
                remedy: "add --fetch: lab then makes it, once")
        }
        try make(recipe, guest, at: place)
        guard let tree = found(at: place, recipe) else {
            throw LabError(.data, "the complete system in \(place) is not what it was made to be")
        }
        return tree
    }

    /// The tree at `place` if it is whole: it was renamed to there, and nobody may change what the answer comes from.
    static func found(at place: String, _ recipe: SystemRecipe) -> SystemTree? {
        guard let digest = Files.line("\(place)/digest"), digest.utf8.count == 64,
            (try? Digest.sha256(file: "\(place)/root\(RootFilesystem.guestPath)")) == recipe.guestDigest,
            (try? Files.readText("\(place)/root/etc/systemd/system/\(SystemRecipe.unitName)"))
                == SystemRecipe.unit,
            Files.exists("\(place)/root/lib/systemd/systemd"), Files.exists("\(place)/disk")
        else { return nil }
        return SystemTree(directory: place, suite: recipe.suite, digest: digest)
    }

    /// Makes it beside its place and renames it, so that another run never sees half of it.
    private static func make(
        _ recipe: SystemRecipe, _ guest: RootFilesystem, at place: String
    ) throws(LabError) {
        try PackageTree.require("mke2fs", of: "e2fsprogs", for: what)
        let building = "\(place).building-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { try? Files.removeTree(building) }
        try Files.makeDirectory(building, mode: 0o700)
        try writeAdditions(recipe, guest, to: "\(building)/add")
        let digest = try PackageTree.make(
            SystemRecipe.packages, recipe.suite, adding: "\(building)/add", epoch: SystemRecipe.epoch,
            in: building, for: what)
        try makeDisk(in: building)
        try Files.write(digest + "\n", to: "\(building)/digest")
        try Files.removeTree("\(building)/add")
        // What is there is damaged, or another run's that was faster.
        if found(at: place, recipe) != nil { return }
        try Files.removeTree(place)
        guard rename(building, place) == 0 else {
            throw LabError(.output, "cannot make \(place)", cause: "\(Errno(errno))")
        }
    }

    /// What is no package's: the program that answers, the service that starts it, and a name.
    private static func writeAdditions(
        _ recipe: SystemRecipe, _ guest: RootFilesystem, to directory: String
    ) throws(LabError) {
        let units = "\(directory)/etc/systemd/system"
        let wants = "\(units)/multi-user.target.wants"
        try Files.makeDirectory(wants)
        try Files.write(
            try Files.read(guest.hostGuestPath), to: directory + RootFilesystem.guestPath, mode: 0o755)
        try Files.write(SystemRecipe.unit, to: "\(units)/\(SystemRecipe.unitName)", mode: 0o644)
        try Files.write("lab\n", to: "\(directory)/etc/hostname", mode: 0o644)
        guard symlink("../\(SystemRecipe.unitName)", "\(wants)/\(SystemRecipe.unitName)") == 0 else {
            throw LabError(.output, "cannot make \(wants)", cause: "\(Errno(errno))")
        }
        // Whatever the umask is: the tree's directories take over these modes.
        for path in ["", "/etc", "/etc/systemd", "/etc/systemd/system"] { chmod(directory + path, 0o755) }
        chmod(wants, 0o755)
    }

    /// A file system with a quarter of room, which the kernel only reads: without a journal.
    private static func makeDisk(in building: String) throws(LabError) {
        var usage = DiskUsage()
        try usage.add("\(building)/root")
        let words = TreeDisk.Format.ext4.words(of: "root", at: "disk", usage)
        try PackageTree.run(
            TreeDisk.Format.ext4.tool.name, words.arguments, in: building, for: what,
            variables: words.variables + ["SOURCE_DATE_EPOCH=\(SystemRecipe.epoch)"])
    }
}
