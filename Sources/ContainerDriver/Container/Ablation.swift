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

    /// Every word that `LaunchRequest.isolation` may be: `none`, then each form of each layer.
    public static let ablations: [String] =
        [IsolationWord.none]
        + IsolationWord.Form.allCases.flatMap { form in layers.map { form.word($0.name) } }

    /// These layers as `word` changes them; nil changes nothing.
    /// - Throws: `.usage` for an unknown word, `.permission` for a layer that is not among these.
    func ablated(by word: String?) throws(LabError) -> Isolation {
        guard let word else { return self }
        if word == IsolationWord.none { return [] }
        guard let (form, name) = IsolationWord.parse(word),
            let place = Isolation.layers.firstIndex(where: { $0.name == name })
        else {
            throw LabError(
                .usage, "\"\(word)\" names no ablation\(didYouMean(word, in: Isolation.ablations))",
                remedy: "use none, only-LAYER, without-LAYER or up-to-LAYER; a layer is one of "
                    + "\(Isolation.layers.map(\.name).joined(separator: ", "))")
        }
        guard contains(Isolation.layers[place].layer) else {
            throw LabError(
                .permission, "cannot start a container \(word)",
                cause: "the containers of this user have no layer \(name)", remedy: "run as root")
        }
        return ablated(form, place).union(intersection(.user))
    }

    /// Without the user namespace, outside of which a caller without root may do hardly any of it.
    private func ablated(_ form: IsolationWord.Form, _ place: Int) -> Isolation {
        let (name, layer) = Isolation.layers[place]
        switch form {
        case .only:
            return Isolation.layers.reduce(into: layer) { result, other in
                if IsolationWord.prerequisite(of: name) == other.name { result.insert(other.layer) }
            }
        case .without:
            return Isolation.layers.reduce(into: subtracting(layer)) { result, other in
                if IsolationWord.prerequisite(of: other.name) == name { result.remove(other.layer) }
            }
        case .upTo:
            // In the order of a start no layer comes before what it needs.
            return Isolation.layers[...place].reduce(into: Isolation()) { $0.formUnion($1.layer) }
                .intersection(self)
        }
    }
}
