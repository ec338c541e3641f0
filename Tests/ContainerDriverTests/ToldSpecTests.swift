import CLinux
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore
@testable import Launch
@testable import OCI

extension ToldSpec {
    /// What our own executor is told: its steps, read back.
    fileprivate init(_ program: LaunchProgram) {
        var spec = RuntimeSpec()
        spec.process = .init()
        self.init(spec)
        for name in program.namespaces.names { namespaces.insert(SupportedSpec.word(name)) }
        for operation in program.steps.map(\.operation) {
            let target = operation.b ?? ""
            switch operation.code {
            case CLINUX_UNSHARE where operation.x == Namespaces.cgroup.rawValue: namespaces.insert("cgroup")
            case CLINUX_MOUNT where operation.x & MountFlags.move.rawValue != 0: mounts[target] = "tmpfs"
            // Of /proc while that is read-only: `KernelFilesTests` tries it.
            case CLINUX_MOUNT where operation.a != nil && operation.a == operation.b:
                readonlyPaths.insert(target)
            case CLINUX_MOUNT:
                if let type = operation.c,
                    ["/proc", "/sys", "/dev"].contains(where: { target.hasPrefix($0) })
                {
                    mounts[target] = type
                }
            case CLINUX_MASK: maskedPaths.insert(operation.c ?? "")
            case CLINUX_MASK_EACH:
                let suffix = String(decoding: (operation.data ?? []).dropLast(), as: UTF8.self)
                let path = "\(operation.c ?? "")*\(suffix)"
                maskedPaths.formUnion(
                    KernelFiles(maskedFiles: [path], maskedDirectories: [], readOnly: []).maskedPaths)
            case CLINUX_READ_ONLY: readonlyPaths.insert(operation.a ?? "")
            case CLINUX_CAPABILITIES: capabilities = Set(Capabilities(rawValue: operation.x).names)
            case CLINUX_BOUNDING_SET: boundingSet = Set(Capabilities(rawValue: operation.x).names)
            case CLINUX_NO_NEW_PRIVS: noNewPrivileges = true
            case CLINUX_SECCOMP: isFiltered = true
            case CLINUX_LIMITS:
                let numbers = (operation.data ?? []).withUnsafeBytes { Array($0.bindMemory(to: UInt64.self)) }
                for place in stride(from: 0, to: numbers.count, by: 3) {
                    let name = Rlimit.containerDefault.first { $0.resource == Int32(numbers[place]) }?.name
                    rlimits[name ?? ""] = Array(numbers[place + 1...place + 2])
                }
            default: break
            }
        }
    }
}

@Suite("one specification for all") struct ToldSpecTests {
    private func spec() throws -> RuntimeSpec {
        RuntimeSpec.container(root: "/a root", hostname: "h", args: ["/lab-guest", "idle"])
            .limited(to: ResourceLimits(memoryBytes: 64 << 20, cpus: 2), cgroup: "/c")
    }

    private func program(_ spec: RuntimeSpec) throws -> LaunchProgram {
        var own = spec
        own.linux?.resources = nil
        own.linux?.cgroupsPath = nil
        return try .container(
            ContainerSpec(
                oci: own, program: "/lab-guest", filter: SeccompFilter(profile: .containerDefault),
                mountPoint: "/place",
                stage: 3, parent: 4))
    }

    @Test("Our own container is told all of it, and a bundle too")
    func oursAndABundle() throws {
        let spec = try spec()
        var ours = ToldSpec(try program(spec))
        // In a stage the mount namespace is a copy of the stage's.
        ours.namespaces.insert("mount")
        // Its cgroups are the parent's work.
        ours.hasLimits = true
        #expect(ours == ToldSpec(spec))
        #expect(ours.footnotes(of: spec) == [])
        let read = try RuntimeSpec(json: Array(spec.text().utf8), of: "config.json")
        #expect(ToldSpec(read) == ToldSpec(spec))
        #expect(
            ToldSpec(spec.onReadOnlyRoot()).footnotes(of: spec)
                == ["no overlay: the shared root is read-only, /tmp is a tmpfs of its own"])
    }

    @Test("docker and podman are told all that they have flags for, and the rest is a footnote")
    func dockerAndPodman() throws {
        let spec = try spec()
        let words = ContainerFlags.words(spec, filterFile: "/f.json")
        let told = ToldSpec(docker: words)
        let wanted = ToldSpec(spec)
        #expect(told.namespaces == wanted.namespaces && told.mounts == wanted.mounts)
        #expect(told.capabilities == wanted.capabilities && told.boundingSet == wanted.boundingSet)
        #expect(told.rlimits == wanted.rlimits.filter { $0.key != "RLIMIT_AS" })
        #expect(told.hasLimits && told.noNewPrivileges && told.isFiltered)
        let hidden = "it is not told to hide /proc/interrupts, /sys/devices/virtual/powercap"
        let notes = told.footnotes(of: spec)
        #expect(
            notes.count == 2 && notes[0].english.hasPrefix(hidden)
                && notes[1].english == "it is not told the limits RLIMIT_AS")
        let podman = ToldSpec(docker: PodmanFlags.words(spec, filterFile: "/f.json"))
        #expect(podman.maskedPaths == wanted.maskedPaths)
        #expect(podman.footnotes(of: spec) == Array(notes.dropFirst()))
    }

    @Test("bwrap is told all that it has flags for, and the rest is a footnote")
    func bubblewrap() throws {
        let spec = try spec()
        let there = Dictionary(
            uniqueKeysWithValues: KernelFiles.containerDefault.maskedPaths.map { ($0, $0.hasPrefix("/sys")) })
        let told = ToldSpec(bubblewrap: BubblewrapFlags.words(spec.onReadOnlyRoot(), there: there))
        let wanted = ToldSpec(spec)
        #expect(told.namespaces == wanted.namespaces && told.maskedPaths == wanted.maskedPaths)
        #expect(Set(told.mounts.keys) == Set(wanted.mounts.keys).union(["/tmp"]))
        #expect(told.capabilities == wanted.capabilities && told.noNewPrivileges && told.isFiltered)
        #expect(
            told.footnotes(of: spec).map(\.english) == [
                "no cgroup: no limit of memory, CPU or processes holds",
                "no overlay: the shared root is read-only, /tmp is a tmpfs of its own",
                "/sys is the host's, read-only: it can't mount a new one",
                "the bounding set of capabilities is left whole",
                "it is not told to make read-only /proc/fs",
                "its resource limits (setrlimit(2)) are those of lab",
            ])
    }

    @Test("Control: a flag that is left out is seen, whichever it is")
    func whatIsLeftOutShows() throws {
        let spec = try spec()
        let there = ["/proc/keys": false, "/sys/firmware": true]
        let bwrap = BubblewrapFlags.words(spec.onReadOnlyRoot(), there: there)
        let whole = ToldSpec(bubblewrap: bwrap).footnotes(of: spec)
        for flag in [
            "--unshare-net", "--unshare-pid", "--mqueue", "--dev", "--seccomp", "--cap-add", "--remount-ro",
        ] {
            var less = bwrap
            less.remove(at: try #require(less.firstIndex(of: flag)))
            #expect(ToldSpec(bubblewrap: less).footnotes(of: spec) != whole, "\(flag)")
        }
        let docker = ContainerFlags.words(spec, filterFile: "/f.json")
        let notes = ToldSpec(docker: docker).footnotes(of: spec)
        for flag in [
            "--network", "--cgroupns", "--security-opt", "--cap-add", "--ulimit", "--memory", "--pids-limit",
        ] {
            var less = docker
            less.remove(at: try #require(less.firstIndex(of: flag)))
            #expect(ToldSpec(docker: less).footnotes(of: spec) != notes, "\(flag)")
        }
        for name in ["mount /proc", "mask /proc/keys", "resource limits", "bounding set", "seccomp filter"] {
            var less = try program(spec)
            less.steps.removeAll { $0.name.english == name }
            #expect(ToldSpec(less) != ToldSpec(try program(spec)), "\(name)")
        }
    }
}

@Suite("specifications of others") struct SupportedSpecTests {
    private func program(_ change: (inout RuntimeSpec) -> Void) throws -> LaunchProgram {
        var spec = RuntimeSpec.container(root: "/root", hostname: "h", args: ["/x"])
        change(&spec)
        return try .container(
            ContainerSpec(
                oci: spec, program: "/x", filter: SeccompFilter(profile: .containerDefault),
                mountPoint: "/place", parent: 4))
    }

    private static let refused: [(String, @Sendable (inout RuntimeSpec) -> Void)] = [
        ("hooks", { $0.hooks = RuntimeSpec.Hooks { $0.prestart = [RuntimeSpec.Hook { $0.path = "/x" }] } }),
        ("root.readonly", { $0.root?.readonly = true }),
        (
            "mounts: bind on /etc",
            { $0.mounts?.append(RuntimeSpec.Mount { ($0.destination, $0.type) = ("/etc", "bind") }) }
        ),
        ("mounts: proc on /proc", { $0.mounts = ($0.mounts ?? []) + ($0.mounts ?? []).prefix(1) }),
        ("without /dev", { $0.mounts?.removeAll { $0.destination == "/dev" } }),
        ("linux.maskedPaths: /etc/x", { $0.linux?.maskedPaths = ["/etc/x"] }),
        ("linux.maskedPaths: /proc/../etc", { $0.linux?.maskedPaths = ["/proc/../etc"] }),
        ("linux.maskedPaths: /sys/", { $0.mounts?.removeAll { $0.destination == "/sys" } }),
        ("linux.sysctl: kernel.core_pattern", { $0.linux?.sysctl = ["kernel.core_pattern": "x"] }),
        (
            "linux.sysctl: kernel.pid_max",
            {
                $0.linux?.namespaces?.removeAll { $0.type == "pid" }
                $0.linux?.sysctl = ["kernel.pid_max": "1000"]
            }
        ),
        ("linux.namespaces: pid of /p", { $0.linux?.namespaces?[0].path = "/p" }),
        (
            "linux.namespaces: pid",
            { $0.linux?.namespaces?.append(RuntimeSpec.Namespace { $0.type = "pid" }) }
        ),
        ("hostname without", { $0.linux?.namespaces?.removeAll { $0.type == "uts" } }),
        (
            "process.capabilities: CAP_SYS_ADMIN",
            {
                let names = ["CAP_SYS_ADMIN"]
                $0.process?.capabilities = RuntimeSpec.Capabilities {
                    ($0.bounding, $0.effective, $0.permitted) = (names, names, names)
                }
            }
        ),
        ("one set to the other", { $0.process?.capabilities?.effective = [] }),
        ("process.capabilities.ambient", { $0.process?.capabilities?.ambient = ["CAP_CHOWN"] }),
        (
            "process.rlimits: RLIMIT_X",
            { $0.process?.rlimits = [RuntimeSpec.Rlimit { $0.type = "RLIMIT_X" }] }
        ),
        ("process.user 4294967295", { $0.process?.user?.uid = .max }),
        ("process.cwd that is relative", { $0.process?.cwd = "x" }),
        ("a zero byte", { $0.hostname = "a\0b" }), ("a zero byte", { $0.process?.env = ["A=\0"] }),
        ("linux.uidMappings without", { $0.linux?.uidMappings = [RuntimeSpec.IDMapping()] }),
        ("linux.seccomp.listenerPath", { $0.linux?.seccomp?.listenerPath = "/s" }),
        (
            "linux.resources.cpu.cpus",
            {
                $0.linux?.resources = RuntimeSpec.Resources {
                    $0.cpu = RuntimeSpec.CPU { $0.cpus = "0" }
                }
            }
        ),
        ("ociVersion", { $0.ociVersion = "2.0" }),
    ]

    @Test("What this runtime does not do is refused by its name", arguments: refused.indices)
    func refusals(index: Int) throws {
        let (word, change) = Self.refused[index]
        let error = #expect(throws: LabError.self) { try program(change) }
        #expect(
            error?.kind == .unavailable
                && error?.message.english.contains(word) == true, "\(error?.message.english ?? "")")
        // Control: without it nothing is refused.
        #expect(try program { _ in }.steps.count > 40)
    }

    @Test("No specification makes it trap: any file gives a program or a LabError")
    func anyFile() throws {
        var whole = RuntimeSpec.container(root: "/root", hostname: "h", args: ["/x"])
        whole.linux?.seccomp?.syscalls?.removeAll { $0.names != ["clone"] }
        let text = Array(try whole.text().utf8)
        let places = text.indices.filter { text[$0] == UInt8(ascii: ":") || text[$0] == UInt8(ascii: "[") }
        let values = [
            "null", "true", "-1", "4294967295", "18446744073709551615", "\"\"", "\"*\"", "\"/proc/\"", "{}",
            "[]",
        ]
        var (programs, refusals) = (0, 0)
        let filter = try SeccompFilter(profile: .containerDefault)
        for place in places {
            for value in values {
                var bytes = text
                let end = bytes[place...].firstIndex { $0 == UInt8(ascii: ",") || $0 == 0x0a } ?? bytes.count
                bytes.replaceSubrange(place + 1..<end, with: value.utf8)
                do throws(LabError) {
                    let spec = try RuntimeSpec(json: bytes, of: "config.json")
                    _ = ProgramBuffer(
                        try .container(
                            ContainerSpec(
                                oci: spec, program: "/x", filter: filter, mountPoint: "/place", parent: 4)),
                        environment: spec.process?.env ?? [])
                    programs += 1
                } catch {
                    refusals += 1
                }
            }
        }
        #expect(programs > 100 && refusals > 100)
    }
}
