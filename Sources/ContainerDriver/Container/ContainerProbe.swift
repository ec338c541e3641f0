import LabCore
import Launch

/// A proof that this user can start containers on this machine, by making their namespaces.
enum ContainerProbe {
    static func run(isolation: Isolation) -> Availability {
        do throws(LabError) {
            if isolation.contains(.limits) { try CgroupMounts.current().requireControllers() }
            try LaunchProgram(
                namespaces: isolation.cloned, steps: [.init(.execute(LaunchProgram.nothing))]
            ).rehearse()
            return .available
        } catch {
            return .unavailable(error)
        }
    }
}
