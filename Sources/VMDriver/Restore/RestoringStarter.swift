import LabCore

/// A starter that can also start a VM from the state of one that was saved.
protocol RestoringStarter: VMStarter {
    /// Starts QEMU with that state; returns when the guest runs on.
    ///
    /// - Parameter description: what was saved, but for the paths of its pipes.
    /// - Throws: as `start`; and `.instance` for an image that is none, or damaged.
    func restore(
        _ image: String, as description: DomainDescription, at place: VMPlace, deadline: MonotonicInstant
    ) throws(LabError) -> any StartedVM

    /// Returns the input of `start`, `save` and `restore`, as text, one call a line.
    func text(ofRestoring description: DomainDescription, order: Workload) -> Message
}

/// A VM that can be saved.
protocol SavableVM: StartedVM {
    /// Writes its state to a new file of mode 0600, which ends it; `end` must follow all the same.
    ///
    /// - Throws: `.unavailable` where that can't be done; then it may still run.
    func save(to path: String, deadline: MonotonicInstant) throws(LabError)
}

/// The origin of a VM: a boot, or another that was saved.
enum VMOrigin {
    case boot
    /// From a saved one, which is then told what to do.
    case saved(SavedVM.Claim, GuestOrder)

    var startsKernel: Bool { if case .boot = self { true } else { false } }
}
