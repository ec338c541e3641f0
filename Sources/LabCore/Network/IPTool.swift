import Glibc

/// ip(8) of iproute2, which speaks netlink for us.
struct IPTool: Sendable {
    private let path: String

    /// The time that it may take: it asks the kernel and nobody else.
    private static let patience = Duration.seconds(10)

    static func find() throws(LabError) -> IPTool {
        guard let path = Tool.find("ip") else {
            throw LabError(
                .unavailable, "ip(8) is not installed", cause: "it is not in PATH",
                remedy: "apt-get install iproute2")
        }
        return IPTool(path: path)
    }

    /// What it says to these words.
    /// - Parameter what: is asked of it, for the error.
    @discardableResult
    func run(_ words: [String], _ what: Message) throws(LabError) -> String {
        let output = try Tool.run(path, words, in: "/", deadline: .now().advanced(by: Self.patience))
        guard output.status == 0 else {
            let said = output.text.trimmingWhitespace().replacing("\n", with: " ")
            throw LabError(.unavailable, what, cause: "ip: \(ForeignText.line(said, most: 400))")
        }
        return output.text
    }

    /// Does these lines one after the other.
    /// - Parameters:
    ///   - file: a new one for them, which is gone afterwards.
    ///   - goesOn: whether the others are done too where one fails.
    func batch(
        _ lines: [String], at file: String, goesOn: Bool = false, _ what: Message
    ) throws(LabError) {
        try Files.write(lines.map { "\($0)\n" }.joined(), to: file, mode: 0o600)
        defer { unlink(file) }
        try run((goesOn ? ["-force"] : []) + ["-batch", file], what)
    }

    /// Deletes an interface.
    func delete(_ link: String) throws(LabError) {
        try remove(link) { (what) throws(LabError) in try run(["link", "delete", "dev", link], what) }
    }

    /// Has an interface deleted. One that goes meanwhile is no error: a pair of veth(4) goes with either's namespace.
    func remove(_ link: String, by way: (Message) throws(LabError) -> Void) throws(LabError) {
        do throws(LabError) { try way("cannot remove the interface \(link)") } catch {
            if if_nametoindex(link) != 0 { throw error }
        }
    }
}
