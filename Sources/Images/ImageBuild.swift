import Artifacts
import Glibc
import LabCore
import OCI

/// The making of one image by its recipe: packages, then files, then commands, then what no image should hold goes.
///
/// The same input gives the same digest: entries are sorted, no time is later than `epoch`, what is copied has just that, and
/// logs, caches and this machine's names are taken out. What a package's own scripts invent, such as a key, only a command of
/// the recipe can take out.
package struct ImageBuild {
    let recipe: ImageRecipe
    /// The recipe's directory, from which files are copied.
    let directory: String
    /// The last time that a file may have, in seconds since 1970; also when the image says it was made.
    let epoch: Int
    /// Runs a command in its tree, which keeps what it writes.
    let run: (CommandPayload) throws(LabError) -> Void
    /// Told of each step before it is done.
    let say: (Message) -> Void

    package init(
        _ recipe: ImageRecipe, in directory: String, epoch: Int,
        run: @escaping (CommandPayload) throws(LabError) -> Void, say: @escaping (Message) -> Void = { _ in }
    ) {
        (self.recipe, self.directory, self.epoch, self.run, self.say) = (recipe, directory, epoch, run, say)
    }

    private static let what: Message = "an image"

    /// Makes the image's files in a directory of the store's.
    /// - Returns: their root.
    fileprivate func make(in building: String) throws(LabError) -> String {
        let root = "\(building)/root"
        if let packages = recipe.packages {
            guard
                let suite = recipe.suite
                    ?? OSRelease.debianSuite((try? Files.readText("/etc/os-release")) ?? "")
            else {
                throw LabError(
                    .unavailable, "an image's packages are Debian's, and this is not Debian",
                    remedy: "say which release they are of: suite: bookworm")
            }
            say("packages of \(suite): \(packages.joined(separator: " "))")
            _ = try PackageTree.make(packages, suite, epoch: epoch, in: building, for: Self.what)
        } else {
            guard geteuid() == 0 else {
                throw LabError(
                    .permission, "\(Self.what) can't be made without root",
                    cause: "its files have owners that this user may not give", remedy: "run as root")
            }
            try Files.makeDirectory(root)
            chmod(root, 0o755)
        }
        for file in recipe.files { try FileCopy(file, from: directory, to: root, epoch: epoch).copy() }
        var lent: Set<[UInt8]> = []
        try runCommands(in: root, lent: &lent)
        try clean(root, lent)
        return root
    }

    // MARK: commands

    /// - Parameter lent: what is in the tree only as long as they run.
    private func runCommands(in root: String, lent: inout Set<[UInt8]>) throws(LabError) {
        guard !recipe.run.isEmpty else { return }
        // What every container has something mounted on.
        for name in ["proc", "sys", "dev"] {
            if mkdir("\(root)/\(name)", 0o755) == 0 { chmod("\(root)/\(name)", 0o755) }
        }
        let tree = FileTree(reference: "rootfs:\(root)", layers: [root], digest: nil)
        let lookup = TreeLookup(tree)
        if recipe.network, let etc = try? lookup.find("/etc"), etc.isDirectory, etc.path == "etc",
            (try? lookup.find("/etc/resolv.conf")) == nil
        {
            // A link that leads nowhere is replaced.
            unlink("\(root)/etc/resolv.conf")
            try Files.write(
                (try? Files.readText("/etc/resolv.conf")) ?? "", to: "\(root)/etc/resolv.conf", mode: 0o644)
            lent.insert(Array("etc/resolv.conf".utf8))
        }
        for line in recipe.run {
            say("running \(ForeignText.line(line, most: 100))")
            let definition = CommandDefinition(
                image: tree.reference, arguments: ["/bin/sh", "-ec", line],
                environment: [
                    "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "SOURCE_DATE_EPOCH=\(epoch)",
                ] + recipe.config.environment)
            do throws(LabError) {
                try run(try definition.payload(in: tree))
            } catch {
                guard error.kind != .interrupted else { throw error }
                throw LabError(
                    error.kind, "cannot run \(ForeignText.quoted(line)) in the image", cause: error.reason,
                    remedy: error.remedy
                        ?? (recipe.network
                            ? "mend the command in the recipe"
                            : "mend the command in the recipe; where it needs the network, say network: true")
                )
            }
        }
    }

    // MARK: cleaning

    /// The directories whose files are of the making and of nothing else; the directories in them stay.
    private static let emptied = [
        "run", "tmp", "var/cache/apt", "var/cache/ldconfig", "var/cache/man", "var/lib/apt/lists", "var/log",
        "var/tmp",
    ].map { Array("\($0)/".utf8) }
    /// What names this machine, and the copies that tools keep of their last state.
    private static let removed = Set(
        [
            "etc/machine-id", "etc/.pwd.lock", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed",
            "var/lib/dpkg/status-old", "var/lib/dpkg/diversions-old", "var/lib/dpkg/statoverride-old",
            "var/cache/debconf/config.dat-old", "var/cache/debconf/templates.dat-old",
        ].map { Array($0.utf8) })

    /// The tree is walked as it is: no link of it is followed.
    private func clean(_ root: String, _ lent: Set<[UInt8]>) throws(LabError) {
        try MergedTree.walk([root]) { entry throws(LabError) in
            guard entry.type != S_IFDIR,
                Self.removed.contains(entry.path) || lent.contains(entry.path)
                    || Self.emptied.contains(where: { entry.path.starts(with: $0) })
            else { return }
            do throws(Errno) { try entry.remove() } catch {
                throw LabError(
                    .output, "cannot remove \"/\(ForeignText.line(entry.path, most: 200))\"", cause: error)
            }
        }
    }
}

extension ImageStore {
    /// Makes an image by its recipe and names it; an image that had the name before loses it.
    /// - Throws: what says which part of it can't be made; nothing is left then.
    package func build(_ build: ImageBuild, as given: String) throws(LabError) -> Image {
        let name = try Self.nameChecked(given)
        let staging = try Staging(in: self)
        let root = try build.make(in: staging.path)
        let created = RFC3339.text(build.epoch)
        var steps = build.recipe.steps.map {
            ImageSpec.Step(created: created, createdBy: $0, isEmpty: true)
        }
        // They made one layer together.
        if let last = steps.indices.last { steps[last].isEmpty = nil }
        return try add(directory: root, latest: build.epoch, as: name, staging) { image in
            image.created = created
            image.config = build.recipe.config
            image.history = steps
        }
    }
}
