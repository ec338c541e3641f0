import LabCore

/// Reads the command of an image that a lab measures instead of lab-guest's workload.
struct CommandReader {
    let read: FieldReader

    func command(_ node: YAMLNode) -> CommandDefinition? {
        guard
            let fields = read.fields(
                node, of: .key("command"), required: ["image"],
                optional: [
                    "run", "entrypoint", "environment", "user", "directory", "ready", "values", "network",
                    "client",
                ])
        else { return nil }
        let image = read.text(fields["image"], of: .key("image"))
        let run = words(fields["run"], of: .key("run"))
        // None at all is said by a list without words.
        let entrypoint: [String]? =
            if case .list(let items) = fields["entrypoint"]?.content, items.isEmpty { [] } else {
                words(fields["entrypoint"], of: .key("entrypoint"))
            }
        let environment = words(fields["environment"], of: .key("environment"))
        let readiness = made(fields["ready"], of: .key("ready")) { (word) throws(LabError) in
            try Readiness(word)
        }
        let values = fields["values"].flatMap { node in
            read.list(node, of: .key("values"))?.compactMap(value)
        }
        let network: CommandNetwork?? = made(fields["network"], of: .key("network")) {
            (word) throws(LabError) in
            try CommandNetwork.named(word)
        }
        let client = words(fields["client"], of: .key("client"))
        guard let image, network != nil || fields["network"] == nil,
            client?.isEmpty == false || fields["client"] == nil, run != nil || fields["run"] == nil,
            entrypoint != nil || fields["entrypoint"] == nil,
            environment != nil || fields["environment"] == nil, readiness != nil || fields["ready"] == nil,
            values != nil || fields["values"] == nil
        else { return nil }
        let definition = CommandDefinition(
            image: image, arguments: run ?? [], entrypoint: entrypoint, environment: environment ?? [],
            user: read.text(fields["user"], of: .key("user")),
            directory: read.text(fields["directory"], of: .key("directory")), readiness: readiness ?? .exit,
            values: values ?? [], network: network ?? nil, client: client)
        return made(node, of: .key("command")) { () throws(LabError) in
            try definition.requireReach()
            return definition
        }
    }

    private func value(_ node: YAMLNode) -> CommandValue? {
        guard
            let fields = read.fields(
                node, of: "a value", required: ["name", "at"], optional: ["unit", "better"])
        else { return nil }
        let name = read.text(fields["name"], of: .key("name"))
        let place = read.text(fields["at"], of: .key("at"))
        let unit = read.text(fields["unit"], of: .key("unit"))
        let better = read.choice(fields["better"], of: .key("better"), in: ["less", "more"])
        guard let name, let place else { return nil }
        return made(node, of: .key("values")) { () throws(LabError) in
            try CommandValue(name: name, unit: unit, moreIsBetter: better == "more", place: place)
        }
    }

    private func words(_ node: YAMLNode?, of what: Message) -> [String]? {
        guard let items = read.list(node, of: what) else { return nil }
        let words = items.compactMap { read.word($0, of: what) }
        return words.count == items.count ? words : nil
    }

    private func made<Value>(
        _ node: YAMLNode?, of what: Message, _ make: (String) throws(LabError) -> Value
    ) -> Value? {
        guard let node, let word = read.text(node, of: what) else { return nil }
        return made(node, of: what) { () throws(LabError) in try make(word) }
    }

    private func made<Value>(
        _ node: YAMLNode, of what: Message, _ make: () throws(LabError) -> Value
    ) -> Value? {
        do { return try make() } catch {
            let remedy: Message = error.remedy.map { "; \($0)" } ?? ""
            read.problems.add(node.line, "\(what): \(error)\(remedy)")
            return nil
        }
    }
}
