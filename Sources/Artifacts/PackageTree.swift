import Glibc
import LabCore

/// A tree of the distribution's packages, made by mmdebstrap: what a complete system and a built image begin with.
package enum PackageTree {
    /// The programs that make one, with their packages.
    private static let tools = [("mmdebstrap", "mmdebstrap"), ("tar", "tar")]
    /// The longest that one of them may take.
    private static let patience = Duration.seconds(900)

    /// Makes the tree as `root`, of packages that the network is asked for.
    /// - Parameters:
    ///   - additions: a directory whose files are put over it; nil for none.
    ///   - epoch: the last time that a file of it may have, in seconds since 1970.
    ///   - directory: where it is made; nobody else makes anything there.
    ///   - what: what it is for, for errors.
    /// - Returns: SHA-256 of its archive.
    /// - Throws: `.permission` without root, `.unavailable` without a tool or when one fails, with what it said.
    package static func make(
        _ packages: [String], _ suite: String, adding additions: String? = nil, epoch: Int,
        in directory: String, for what: Message
    ) throws(LabError) -> String {
        guard geteuid() == 0 else {
            throw LabError(
                .permission, "\(what) can't be made without root",
                cause: "its files have owners that this user may not give", remedy: "run as root")
        }
        for (tool, package) in tools { try require(tool, of: package, for: what) }
        // What mmdebstrap takes over from this machine goes again; a new machine has no id yet.
        let hook =
            #"rm -f "$1/etc/resolv.conf" "$1/etc/hostname" && : >"$1/etc/machine-id""#
            + (additions == nil ? "" : #" && cp -a "$LAB_ADDITIONS/." "$1/""#)
        let words = [
            "--mode=root", "--variant=minbase", "--format=tar",
            "--include=\(packages.joined(separator: ","))",
            "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
            "--dpkgopt=path-exclude=/usr/share/man/*", "--customize-hook=\(hook)", suite, "tree.tar",
        ]
        try run(
            "mmdebstrap", words + sources, in: directory, for: what,
            variables: ["LAB_ADDITIONS=\(additions ?? "")", "SOURCE_DATE_EPOCH=\(epoch)"])
        try Files.makeDirectory("\(directory)/root")
        try run(
            "tar", ["--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf", "tree.tar", "-C", "root"],
            in: directory, for: what)
        defer { unlink("\(directory)/tree.tar") }
        return try Digest.sha256(file: "\(directory)/tree.tar")
    }

    package static func require(_ tool: String, of package: String, for what: Message) throws(LabError) {
        guard Tool.find(tool) == nil else { return }
        throw LabError(
            .unavailable, "\(what) can't be made without \(tool)", remedy: "apt-get install \(package)")
    }

    package static func run(
        _ program: String, _ arguments: [String], in directory: String, for what: Message,
        variables: [String] = []
    ) throws(LabError) {
        let output = try Tool.run(
            program, arguments, in: directory, variables: variables,
            deadline: .now().advanced(by: patience))
        guard output.status == 0 else {
            if let line = FullFileSystem.line(in: output.text) {
                throw LabError(
                    .output, "\(what) can't be made: \(program) failed with status \(output.status)",
                    cause: Message(verbatim: ForeignText.line(String(line), most: 400)),
                    remedy: FullFileSystem.remedyOfTools)
            }
            let (words, isName) = reason(in: output.text)
            throw LabError(
                .unavailable, "\(what) can't be made: \(program) failed with status \(output.status)",
                cause: Message(verbatim: ForeignText.line(words, most: 400)),
                remedy: isName
                    ? "correct the package's name: apt-cache search WORD finds those that there are"
                    : "check the network and run apt-get update")
        }
    }

    /// The first error that apt names, of which all others follow, else the last lines; and whether it is a package's name
    /// that apt doesn't know.
    package static func reason(in text: String) -> (words: String, isName: Bool) {
        let lines = text.split(separator: "\n")
        guard let first = lines.first(where: { $0.hasPrefix("E: ") }) else {
            return (lines.suffix(3).joined(separator: " | "), false)
        }
        let names = ["E: Unable to locate package ", "E: Couldn't find any package by "]
        return (String(first), names.contains(where: first.hasPrefix))
    }

    /// This machine's own sources of the distribution's packages; mmdebstrap knows the usual ones.
    private static var sources: [String] {
        ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"].first {
            !((try? Files.readText($0)) ?? "").trimmingWhitespace().isEmpty
        }.map { [$0] } ?? []
    }
}
