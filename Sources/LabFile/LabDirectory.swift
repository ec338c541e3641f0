import Glibc
import LabCore

/// The labs in one directory: each is a folder with a `lab.yaml`.
public struct LabDirectory: Sendable {
    /// The directory that holds the folders.
    public let directory: String
    /// The labs' ids, sorted.
    public let ids: [String]
    private let engines: [EngineID]

    /// Looks into `directory`.
    /// - Parameter engines: those that a lab may name.
    /// - Throws: `.input` when there is no lab in it.
    public static func open(_ directory: String, engines: [EngineID]) throws(LabError) -> LabDirectory {
        let ids = Files.list(directory).filter { Files.exists("\(directory)/\($0)/\(LabFile.fileName)") }
        guard !ids.isEmpty else {
            throw LabError(
                .input, "there are no labs in \(directory)",
                cause: "no folder of it holds a \(LabFile.fileName)",
                remedy: "run `lab` from its own checkout, or set LAB_LABS to the directory `labs` of one")
        }
        return LabDirectory(directory: directory, ids: ids, engines: engines)
    }

    /// The labs that belong to this program: those that `LAB_LABS` names; else those of the checkout that it was
    /// built in; else the directory `labs` in the current one.
    /// - Throws: `.input` when there is no lab there.
    public static func locate(
        environment: [String: String], engines: [EngineID]
    ) throws(LabError) -> LabDirectory {
        try open(own("labs", namedBy: environment["LAB_LABS"]), engines: engines)
    }

    /// A directory of the checkout that this program was built in, else of the current one.
    /// - Parameter variable: the user's own word for it, where that is not empty.
    static func own(_ name: String, namedBy variable: String?) -> String {
        if let variable, !variable.isEmpty { return variable }
        let program = Files.target(ofLink: "/proc/self/exe") ?? ""
        return checkout(of: program).map { "\($0)/\(name)" } ?? name
    }

    /// The nearest directory above `path` that holds a Package.swift and a directory `labs`.
    static func checkout(of path: String) -> String? {
        var rest = path[...]
        while let slash = rest.lastIndex(of: "/") {
            rest = rest[..<slash]
            if Files.exists("\(rest)/Package.swift"), Files.exists("\(rest)/labs") { return String(rest) }
        }
        return nil
    }

    /// The definition of one lab.
    /// - Parameter id: one of `ids`; with a slash, the path of anybody's lab: of its folder, or of the file in it.
    /// - Throws: `.usage` for an unknown lab, with the nearest known one; `.input` for a path that leads to none; `.data` for
    ///   a malformed definition.
    public func definition(_ id: String) throws(LabError) -> LabDefinition {
        if id.contains("/") {
            var lab = try LabFile.load(path: Self.file(at: id), engines: engines)
            lab.path = id
            return lab
        }
        guard ids.contains(id) else {
            throw LabError(
                .usage, "there is no lab \(quoted(id))\(didYouMean(id, in: ids))",
                remedy: Files.exists("\(id)/\(LabFile.fileName)")
                    ? "the one in this directory is ./\(id)"
                    : "choose one of \(ids.joined(separator: ", ")); a lab of your own begins with ./ or /")
        }
        return try LabFile.load(path: path(of: id), engines: engines)
    }

    /// All labs in an order in which each can be understood: none before one that it comes `after`, those as deep as each
    /// other in the order of the document's table.
    /// - Throws: `.data` where one comes after a lab that is not there, or after itself by way of others.
    public func inOrder() throws(LabError) -> [LabDefinition] {
        var rest: [LabDefinition] = []
        for id in ids { rest.append(try definition(id)) }
        for lab in rest {
            guard let stranger = lab.after?.first(where: { !ids.contains($0) }) else { continue }
            throw LabError(
                .data,
                "\(path(of: lab.id)): there is no lab \(quoted(stranger)) to come after\(didYouMean(stranger, in: ids))",
                remedy: "choose from \(ids.joined(separator: ", "))")
        }
        func row(_ lab: LabDefinition) -> Int {
            DocumentTable.dimensions.firstIndex(of: lab.dimension) ?? DocumentTable.dimensions.count
        }
        var ordered: [LabDefinition] = []
        while !rest.isEmpty {
            let waiting = Set(rest.map(\.id))
            let next = rest.filter { waiting.isDisjoint(with: $0.after ?? []) }
            guard !next.isEmpty else {
                throw LabError(
                    .data,
                    "the labs \(waiting.sorted().joined(separator: ", ")) come each after another of them",
                    remedy: "leave one out of the \"after\" of its lab.yaml")
            }
            ordered += next.sorted { (row($0), $0.id) < (row($1), $1.id) }
            rest.removeAll { lab in next.contains { $0.id == lab.id } }
        }
        return ordered
    }

    /// Its folder has its name, whatever the path calls it.
    private static func file(at path: String) throws(LabError) -> String {
        let folder =
            path.hasSuffix("/\(LabFile.fileName)") ? String(path.dropLast(LabFile.fileName.count)) : path
        do throws(Errno) { return "\(try Files.realPath(folder))/\(LabFile.fileName)" } catch {
            throw LabError(
                .input, "there is no lab \(quoted(path))", cause: "\(error)",
                remedy: "lab new \(ShellText.quote(path)) makes one")
        }
    }

    /// The folder of a lab.
    /// - Parameter id: as for `definition`.
    public func folder(of id: String) throws(LabError) -> String {
        let file = id.contains("/") ? try Self.file(at: id) : path(of: id)
        return String(file.dropLast(LabFile.fileName.count + 1))
    }

    /// The file that defines a lab.
    public func path(of id: String) -> String { "\(directory)/\(id)/\(LabFile.fileName)" }
}
