import LabCore

extension IsolationLayer {
    /// The part of a container's isolation that the layer is.
    var isolation: Isolation {
        switch self {
        case .limits: .limits
        case .pid: .pid
        case .mount: .root
        case .network: .network
        case .ipc: .ipc
        case .uts: .uts
        case .cgroupNamespace: .cgroupNamespace
        case .kernelFiles: .kernelFiles
        case .devices: .devices
        case .capabilities: .capabilities
        case .noNewPrivileges: .noNewPrivileges
        case .seccomp: .seccomp
        }
    }
}

extension Isolation {
    /// These layers as far as they are selected; nil changes nothing. With the user namespace in any case, outside of
    /// which a caller without root may do hardly any of it.
    /// - Throws: `.permission` for a layer that is not among these.
    func selected(by selection: LayerSelection?) throws(LabError) -> Isolation {
        guard let selection else { return self }
        if selection == .none { return [] }
        if let layer = selection.layer, !contains(layer.isolation) {
            throw LabError(
                .permission, "cannot start a container \(selection)",
                cause: "the containers of this user have no layer \(layer.rawValue)", remedy: "run as root")
        }
        return selection.layers.reduce(into: intersection(.user)) { $0.formUnion($1.isolation) }
            .intersection(self)
    }
}
