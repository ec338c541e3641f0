/// How an image says that it is run: `config` of the OCI image specification's config.md, by whose names it is coded. What
/// the specification has beside these is no business of who runs it.
public struct ImageConfig: Codable, Equatable, Sendable {
    /// `NAME=value`.
    public var environment: [String]
    /// `USER`, `USER:GROUP`, by name or number; nil for root.
    public var user: String?
    public var directory: String?
    public var entrypoint: [String]
    public var command: [String]
    public var labels: [String: String]

    public init(
        environment: [String] = [], user: String? = nil, directory: String? = nil, entrypoint: [String] = [],
        command: [String] = [], labels: [String: String] = [:]
    ) {
        self.environment = environment
        self.user = user
        self.directory = directory
        self.entrypoint = entrypoint
        self.command = command
        self.labels = labels
    }

    private enum CodingKeys: String, CodingKey {
        case environment = "Env"
        case user = "User"
        case directory = "WorkingDir"
        case entrypoint = "Entrypoint"
        case command = "Cmd"
        case labels = "Labels"
    }

    /// What is missing, null or empty was not said.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> String? {
            try fields.decodeIfPresent(String.self, forKey: key).flatMap { $0.isEmpty ? nil : $0 }
        }
        func words(_ key: CodingKeys) throws -> [String] {
            try fields.decodeIfPresent([String].self, forKey: key) ?? []
        }
        self.init(
            environment: try words(.environment), user: try text(.user), directory: try text(.directory),
            entrypoint: try words(.entrypoint), command: try words(.command),
            labels: try fields.decodeIfPresent([String: String].self, forKey: .labels) ?? [:])
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        func add(_ words: [String], _ key: CodingKeys) throws {
            if !words.isEmpty { try fields.encode(words, forKey: key) }
        }
        try add(environment, .environment)
        try fields.encodeIfPresent(user, forKey: .user)
        try fields.encodeIfPresent(directory, forKey: .directory)
        try add(entrypoint, .entrypoint)
        try add(command, .command)
        if !labels.isEmpty { try fields.encode(labels, forKey: .labels) }
    }
}
