import Artifacts
import ContainerDriver
import LabCore
import LabFile
import VMDriver

/// Every engine of this program, as the drivers export them, in the order of their roles.
enum EngineFactory {
    static let all: [EngineDescriptor] = {
        let exported = ContainerEngines.all + VMEngines.all
        return EngineRole.allCases.flatMap { role in exported.filter { $0.role == role } }
    }()
    static let ids = all.map(\.id)
    static let profiles = MachineProfile.allCases.map(\.rawValue)

    /// The engine of this name.
    /// - Throws: `.usage` for an unknown one, with the nearest known.
    static func named(_ name: String) throws(LabError) -> EngineDescriptor {
        guard let known = all.first(where: { $0.id.rawValue == name }) else {
            let names = ids.map(\.rawValue)
            throw LabError(
                .usage, "there is no engine \(quoted(name))\(didYouMean(name, in: names))",
                remedy: "choose from \(names.joined(separator: ", "))")
        }
        return known
    }

    /// The engine that a build is one of.
    /// - Throws: `.usage` for a name that another engine has, a kind without a program of its own, and a file that can't
    ///   be it.
    static func engine(of build: EngineBuild) throws(LabError) -> EngineDescriptor {
        let kind = try named(build.kind.rawValue)
        guard kind.takesBuild else {
            let others = all.filter(\.takesBuild).map(\.id.rawValue).joined(separator: ", ")
            throw EngineBuild.refusal(
                build.word,
                because: kind.id == .container
                    ? "container is a part of lab: it has no program of its own"
                    : "\(kind.id) has no program of its own",
                remedy: kind.id == .container
                    ? "run each build of lab several times and give the results to lab compare"
                    : "name a build of one of \(others)")
        }
        guard build.name == kind.id || !ids.contains(build.name) else {
            throw EngineBuild.refusal(
                build.word, because: "\(build.name) is the name of another engine",
                remedy: "give the build a name of its own")
        }
        // By this its processes are known.
        guard kind.kind != .virtualMachine || build.path.split(separator: "/").last?.hasPrefix("qemu") == true
        else {
            throw EngineBuild.refusal(
                build.word, because: "the name of its file does not begin with qemu",
                remedy: "name an emulator such as /opt/qemu/bin/qemu-system-x86_64")
        }
        try build.check()
        return kind
    }

    /// The engines of these names, in their order.
    /// - Parameter pool: what earlier runs of this process leave to this one.
    /// - Throws: `.usage` for an unknown one, and for a build whose file can't be it.
    static func make(
        _ engines: [EngineID], _ settings: EngineSettings, pool: EnginePool = EnginePool()
    ) throws(LabError) -> [any Engine] {
        try engines.map { id throws(LabError) in
            try pool.engine(id) { () throws(LabError) in
                guard let build = settings.builds.first(where: { $0.name == id }) else {
                    return try named(id.rawValue).make(settings, nil)
                }
                return try engine(of: build).make(settings, try build.inspected())
            }
        }
    }

    /// Returns the checks by which the drivers can prove this machine piece by piece.
    /// - Parameter connect: a libvirt URI; nil for QEMU's driver inside this process.
    static func driverChecks(
        paths: LabPaths, connect: String? = nil, fetches: Bool = EngineSettings.fetchIsAllowed
    ) -> [DoctorCheck] {
        ContainerChecks.all(paths: paths) + VMChecks.all(paths: paths, connect: connect, fetches: fetches)
    }
}

/// The engines of several runs in a process: what was proved of one holds for the labs that follow.
final class EnginePool {
    private var made: [EngineID: any Engine] = [:]

    /// The engine of this name, made by the first call.
    func engine(
        _ id: EngineID, _ make: () throws(LabError) -> any Engine
    ) throws(LabError) -> any Engine {
        if let known = made[id] { return known }
        let engine = try make()
        made[id] = engine
        return engine
    }
}

extension EngineSettings {
    /// True when `./lab`, whose work is to install what is missing, allows it for the user.
    static var fetchIsAllowed: Bool { Process.environment["LAB_FETCH"] == "1" }
}

extension LabDirectory {
    /// The labs of this program, which may name its engines.
    static func own() throws(LabError) -> LabDirectory {
        try locate(environment: Process.environment, engines: EngineFactory.ids)
    }
}
