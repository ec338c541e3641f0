/// The users and groups of a tree, from its own /etc/passwd and /etc/group: passwd(5), group(5).
struct TreeUsers {
    /// One line, without its password.
    struct User {
        let name: String
        let user, group: UInt32
        let home: String
    }

    let users: [User]
    let groups: [(name: String, group: UInt32, members: [String])]

    /// The most bytes of a file that are read.
    static let mostBytes = 1 << 20

    /// A file that is not there has nobody in it.
    init(_ tree: FileTree) {
        let lookup = TreeLookup(tree)
        func text(_ path: String) -> String {
            guard let entry = try? lookup.find(path),
                let bytes = try? lookup.read(entry, upTo: Self.mostBytes)
            else { return "" }
            return String(decoding: bytes, as: UTF8.self)
        }
        self.init(passwd: text("/etc/passwd"), group: text("/etc/group"))
    }

    /// Takes any text: a line that is none is passed over.
    init(passwd: String, group: String) {
        func lines(_ text: String) -> [[String]] {
            text.split(separator: "\n").map {
                $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            }
        }
        users = lines(passwd).compactMap { fields in
            guard fields.count >= 6, !fields[0].isEmpty, let user = UInt32(fields[2]),
                let group = UInt32(fields[3])
            else { return nil }
            return User(name: fields[0], user: user, group: group, home: fields[5])
        }
        groups = lines(group).compactMap { fields in
            guard fields.count >= 4, !fields[0].isEmpty, let group = UInt32(fields[2]) else { return nil }
            return (fields[0], group, fields[3].split(separator: ",").map(String.init))
        }
    }

    /// The user that `USER` or `USER:GROUP` names, each by name or number, and its home directory, nil where none is known.
    /// - Throws: `.usage` for one that the tree doesn't have. A number need not be known.
    func find(_ word: String) throws(LabError) -> (user: CommandUser, home: String?) {
        let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let known =
            users.first { $0.name == parts[0] }
            ?? UInt32(parts[0]).flatMap { number in users.first { $0.user == number } }
        // The kernel takes the highest number for "leave it as it is".
        let number = known?.user ?? UInt32(parts[0]).flatMap { $0 == .max ? nil : $0 }
        guard let user = number else {
            throw refusal("there is no user \(ForeignText.quoted(parts[0])) in the image", users.map(\.name))
        }
        var result = CommandUser(user: user, group: known?.group ?? 0)
        if parts.count == 2 {
            let group = groups.first { $0.name == parts[1] }?.group ?? UInt32(parts[1])
            guard let group, group != .max else {
                throw refusal(
                    "there is no group \(ForeignText.quoted(parts[1])) in the image", groups.map(\.name))
            }
            result.group = group
        } else if let known {
            result.groups = groups.filter { $0.members.contains(known.name) }.map(\.group)
                .filter { $0 != known.group }
        }
        return (result, known?.home)
    }

    private func refusal(_ what: Message, _ names: [String]) -> LabError {
        let shown = names.prefix(8).map { ForeignText.line($0, most: 40) }
        return LabError(
            .usage, what,
            remedy: shown.isEmpty
                ? "give a number: --user 1000:1000"
                : "give a number, or one of \(shown.joined(separator: ", "))")
    }
}
