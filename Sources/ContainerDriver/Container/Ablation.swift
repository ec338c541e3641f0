import LabCore

/// The layers of a container's isolation one by one, for the ablation of its start.
extension Isolation {
    /// Each layer by its word, in the order in which a start goes through them.
    static let layers: [(name: String, layer: Isolation)] = [
        ("limits", .limits), ("pid", .pid), ("mount", .root), ("network", .network), ("ipc", .ipc),
        ("uts", .uts), ("cgroup-namespace", .cgroupNamespace), ("kernel-files", .kernelFiles),
        ("devices", .devices), ("capabilities", .capabilities), ("no-new-privileges", .noNewPrivileges),
        ("seccomp", .seccomp),
    ]

    /// Every word that `LaunchRequest.isolation` may be: `none`, then `only-LAYER` and `without-LAYER` for each layer.
    public static let ablations: [String] =
        ["none"] + layers.map { "only-\($0.name)" } + layers.map { "without-\($0.name)" }

    /// The layers that `only-LAYER` brings along, and without which `layer` goes too: what it is to be compared with.
    /// Empty for a layer that stands alone, and for a word that is no layer.
    public static func prerequisites(of layer: String) -> [String] {
        ["devices", "kernel-files"].contains(layer) ? ["mount"] : []
    }

    /// These layers as `word` changes them; nil changes nothing.
    /// - Throws: `.usage` for an unknown word, `.permission` for a layer that is not among these.
    func ablated(by word: String?) throws(LabError) -> Isolation {
        guard let word else { return self }
        if word == "none" { return [] }
        let parts = word.split(separator: "-", maxSplits: 1).map(String.init)
        guard Isolation.ablations.contains(word), let name = parts.last,
            let layer = Isolation.layers.first(where: { $0.name == name })?.layer
        else {
            throw LabError(
                .usage, "\"\(word)\" names no ablation\(didYouMean(word, in: Isolation.ablations))",
                remedy: "use none, only-LAYER or without-LAYER; a layer is one of "
                    + Isolation.layers.map(\.name).joined(separator: ", "))
        }
        guard contains(layer) else {
            throw LabError(
                .permission, "cannot start a container \(parts[0]) \(name)",
                cause: "the containers of this user have no layer \(name)", remedy: "run as root")
        }
        let isOnly = parts[0] == "only"
        var result = isOnly ? layer : subtracting(layer)
        for (other, its) in Isolation.layers {
            if isOnly && Isolation.prerequisites(of: name).contains(other) { result.insert(its) }
            if !isOnly && Isolation.prerequisites(of: other).contains(name) { result.remove(its) }
        }
        // A caller without root may do hardly any of it outside a user namespace.
        return result.union(intersection(.user))
    }
}
