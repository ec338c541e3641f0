import Glibc
import LabCore
import Launch
import OCI

/// A container that writes to its tree itself: a step of an image's build. It has the isolation of every container of this
/// project, and what it wrote is the tree's afterwards.
public enum BuildContainer {
    /// Runs a command in its tree, one directory, to its end.
    /// - Parameters:
    ///   - network: true when it has this machine's network; else it has a loopback alone.
    ///   - deadline: when it is killed.
    /// - Throws: `.instance` when it ends badly, with its last words; `.timeout`, `.interrupted`.
    public static func run(
        _ command: CommandPayload, network: Bool, deadline: MonotonicInstant,
        interrupt: Interrupt = .ofProcess
    ) throws(LabError) {
        // Nothing of it is measured, and no cgroup of it could outlive a crash.
        var isolation = Isolation.standard.subtracting(.limits)
        if network { isolation.remove(.network) }
        let launcher = try ChildLauncher()
        let spec = ContainerSpec(
            oci: .container(isolation, root: "", hostname: "lab-build").running(command),
            layers: command.tree.layers, writesToRoot: true, program: command.program,
            filter: try SeccompFilter(profile: .containerDefault), mountPoint: "/sys", caller: .current(),
            parent: launcher.parent.rawValue)
        let output = try CommandOutput(.exit)
        let instance = try launcher.start(
            try ProgramBuffer(spec), arguments: command.arguments, command: output, interrupt: interrupt)
        let status: Int32
        do {
            status = try instance.waitForExit(deadline: deadline)
        } catch {
            try? instance.dispose()
            throw error
        }
        try instance.dispose()
        if let failure = output.failure { throw failure }
        guard status == 0 else {
            let words = output.lastWords
            throw LabError(
                .instance, "it ended with status \(Int(status))",
                cause: words.isEmpty ? nil : Message(verbatim: words))
        }
    }
}
