import CLinux
import Glibc
import LabCore
import Launch
import OCI

/// Binds that the runtime makes, because a container's first process in its own user namespace may not: those whose owners are
/// shown as others (mount_setattr(2), MOUNT_ATTR_IDMAP), and those of what only root reaches.
struct MappedMounts {
    /// Open, by the place of the mount in config.json.
    private let made: [(index: Int, descriptor: Int32)]

    func descriptor(of index: Int) -> Int32? { made.first { $0.index == index }?.descriptor }

    func close() { for (_, descriptor) in made { Glibc.close(descriptor) } }

    init(_ spec: RuntimeSpec, _ namespaces: ContainerNamespaces, bundle: String) throws {
        var made: [(index: Int, descriptor: Int32)] = []
        do {
            for (index, mount) in (spec.mounts ?? []).enumerated() {
                let hasIDs = mount.uidMappings?.isEmpty == false || mount.gidMappings?.isEmpty == false
                let asks = (mount.options ?? []).contains { $0 == "idmap" || $0 == "ridmap" }
                guard hasIDs || asks else {
                    // What is not there the first process says in its own words.
                    if namespaces.has(.user), !Rootless.isOne, let copy = try? Self.copy(mount, bundle) {
                        made.append((index, copy.release()))
                    }
                    continue
                }
                do {
                    made.append((index, try Self.make(mount, spec, namespaces, bundle)))
                } catch {
                    throw Failure(
                        "failed to make the id-mapped mount of \(mount.destination): \(error.words)")
                }
            }
        } catch {
            for (_, descriptor) in made { Glibc.close(descriptor) }
            throw error
        }
        self.made = made
    }

    private static func make(
        _ mount: RuntimeSpec.Mount, _ spec: RuntimeSpec, _ namespaces: ContainerNamespaces, _ bundle: String
    ) throws -> Int32 {
        let copy = try copy(mount, bundle)
        let users = try users(mount, spec, namespaces)
        let isRecursive: Int32 = (mount.options ?? []).contains("ridmap") ? 1 : 0
        try Kernel.check { clinux_map_mount(copy.rawValue, isRecursive, users.rawValue) }
        return copy.release()
    }

    private static func copy(_ mount: RuntimeSpec.Mount, _ bundle: String) throws -> FileDescriptor {
        let options = try MountOptions(mount.options ?? [])
        guard options.isBind || mount.type == "bind" else { throw Failure("only binds can be id-mapped") }
        guard let source = mount.source, !source.isEmpty else { throw Failure("a bind without a source") }
        let origin = try FileDescriptor.openPath(
            source.hasPrefix("/") ? source : "\(bundle)/\(source)", options.isNotFollowed ? O_NOFOLLOW : 0)
        let copy = try Mounting.clone(of: "", at: origin.rawValue, isRecursive: options.isRecursive)
        // What is mounted in there later stays in there: a copy shares where its origin does.
        try Mounting.change(copy, isRecursive: true, propagation: UInt64(MS_SLAVE))
        return copy
    }

    /// A user namespace with the mappings: they can be told to the kernel by no other means.
    private static func users(
        _ mount: RuntimeSpec.Mount, _ spec: RuntimeSpec, _ namespaces: ContainerNamespaces
    ) throws -> FileDescriptor {
        var maps = RuntimeSpec.Linux()
        (maps.uidMappings, maps.gidMappings) = (mount.uidMappings, mount.gidMappings)
        let hasUsers = maps.uidMappings?.isEmpty == false
        guard hasUsers == (maps.gidMappings?.isEmpty == false) else {
            throw Failure("id-mapped mounts need both uidMappings and gidMappings")
        }
        if !hasUsers {
            if let joined = namespaces.joined.first(where: { $0.kind == .user }) {
                return FileDescriptor(
                    owning: try Kernel.check { fcntl(joined.descriptor, F_DUPFD_CLOEXEC, 3) })
            }
            guard namespaces.new.contains(.user) else {
                throw Failure("neither the mount nor the container has mappings of ids")
            }
            (maps.uidMappings, maps.gidMappings) = (spec.linux?.uidMappings, spec.linux?.gidMappings)
        }
        let parent = getpid()
        let pid = clinux_fork(Namespaces.user.rawValue, -1)
        if pid == 0 {
            // It ends with the runtime, however that ends.
            _ = try? Kernel.call(SYS_prctl, 1 /* PR_SET_PDEATHSIG */, Int(SIGKILL))
            while getppid() == parent { pause() }
            _exit(0)
        }
        guard pid > 0 else { throw Failure("clone", Errno(errno)) }
        defer {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
        try IDMaps.write(maps, of: pid)
        return try FileDescriptor.open("/proc/\(pid)/ns/user", O_RDONLY)
    }
}
