import CLinux
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore
@testable import Launch

/// What an image may have in the place of a directory on which something is mounted.
enum Decoy: String, CaseIterable {
    case root = "/", itself = ".", parent = "..", absolute = "/tmp", dangling = "/none", looping, file,
        missing

    /// Puts it at a path below a root, in which the directories above are made.
    func put(_ name: String, in root: String) throws {
        let path = "\(root)/\(name)"
        if let slash = name.lastIndex(of: "/") { try Files.makeDirectory("\(root)/\(name[..<slash])") }
        switch self {
        case .missing: break
        case .file: try Files.write("decoy", to: path)
        case .looping:
            try #require(symlink(name.split(separator: "/").last.map(String.init) ?? "", path) == 0)
        default: try #require(symlink(rawValue, path) == 0)
        }
    }
}

@Suite("hostile roots", .enabled(if: obstacle == nil, "skipped: no container can be started on this machine"))
struct HostileRootTests {
    /// What the links would lead the masks and mounts to, if they were followed.
    private func addDecoys(_ root: String) throws {
        for name in ["tmp", "acpi", "bus", "fs", "irq", "firmware", "pts", "shm", "mqueue", "kernel"] {
            try Files.makeDirectory("\(root)/\(name)")
        }
        for name in ["keys", "kcore", "timer_list", "interrupts", "sysrq-trigger"] {
            try Files.write("", to: "\(root)/\(name)")
        }
    }

    private var corePattern: String? { Files.line("/proc/sys/kernel/core_pattern") }

    private func honestMounts(_ isolation: Isolation) throws -> [String] {
        var found: [String] = []
        try withBareRoot { (root) throws in
            for name in ["proc", "sys", "dev"] { try Files.makeDirectory("\(root)/\(name)") }
            try withProgram(root: root, isolation) { found = try mounts(of: $0.pid) }
        }
        return found
    }

    @Test(
        "Whatever an image has where something is mounted, the mounts are those of an honest one",
        arguments: ["proc", "sys", "dev", "dev/pts", "dev/shm", "proc/sys"], Decoy.allCases)
    func mountsAreOurs(place: String, decoy: Decoy) throws {
        for isolation in isRoot ? [Isolation.standard, .rootless] : [.rootless] {
            let honest = try honestMounts(isolation)
            let before = corePattern
            try withBareRoot { (root) throws in
                try addDecoys(root)
                try decoy.put(place, in: root)
                try withProgram(root: root, isolation) { (child) throws in
                    #expect(try mounts(of: child.pid) == honest)
                    #expect(try writableKernelFiles(child.pid) == [])
                }
            }
            #expect(corePattern == before && before != nil)
        }
    }

    /// The program as it would be if it mounted on what the image has.
    private func withoutOurDirectories(_ program: inout LaunchProgram) {
        let count = program.steps.count
        program.steps.removeAll { $0.name.english.contains("/lower/points/") }
        #expect(program.steps.count == count - 3)
        // Nor is all that a link leads to read-only while parts of it are bound, which they then stay: as runtimes do it.
        program.steps.removeAll { ["read-only /proc", "writable /proc"].contains($0.name.english) }
        #expect(program.steps.count == count - 5)
        for (place, step) in program.steps.enumerated() {
            guard step.operation.code == CLINUX_MOUNT, let path = step.operation.a, path == step.operation.b,
                path.hasPrefix("/proc/")
            else { continue }
            program.steps[place] = LaunchProgram.Step(
                .bindReadOnly(path, SupportedSpec.strict), tolerates: Errno(ENOENT))
        }
    }

    @Test(
        "Control: without our directories the same links open the whole procfs",
        .enabled(if: isRoot, "skipped: a user may open none of it anyway"),
        arguments: [Decoy.root, .itself, .parent])
    func aFollowedLinkShows(decoy: Decoy) throws {
        let honest = try honestMounts(.standard)
        try withBareRoot { (root) throws in
            try addDecoys(root)
            try decoy.put("proc", in: root)
            for name in ["sys", "dev"] { try Files.makeDirectory("\(root)/\(name)") }
            try withProgram(root: root, change: withoutOurDirectories) { (child) throws in
                #expect(try mounts(of: child.pid) != honest)
                // By the link to the parent the masks come to where procfs is by then, and by the others not.
                #expect(try writableKernelFiles(child.pid).isEmpty == (decoy == .parent))
            }
        }
    }

    /// Exchanges directories of a root with links to its top, over and over, while `body` runs.
    private func withSwapping(_ root: String, _ body: () throws -> Void) throws {
        var paths: [UnsafeMutablePointer<CChar>?] = []
        defer { for path in paths { free(path) } }
        var steps: [LaunchProgram.Step] = []
        for name in ["proc", "sys", "dev"] {
            try Files.makeDirectory("\(root)/\(name)")
            try #require(symlink("/", "\(root)/\(name)-link") == 0)
            let pair = [strdup("\(root)/\(name)"), strdup("\(root)/\(name)-link")]
            paths += pair
            let here = Int(AT_FDCWD)
            steps.append(
                .init(
                    "swap",
                    .call(
                        SYS_renameat2,
                        [here, Int(bitPattern: pair[0]), here, Int(bitPattern: pair[1]), 2],
                        "swap", "renameat2(…, RENAME_EXCHANGE)")))
        }
        let swaps = LaunchProgram(
            namespaces: [],
            steps: (0..<500).flatMap { _ in steps } + [.init("end", .execute(LaunchProgram.nothing))])
        let swapper = Swapper(swaps)
        try swapper.start()
        defer { swapper.stop() }
        try body()
    }

    @Test(
        "An image that changes while the container starts changes no mount: 1,000 starts",
        .enabled(if: isRoot, "skipped: needs the honest answers of root"))
    func swappingChangesNothing() throws {
        let honest = try honestMounts(.standard)
        let before = corePattern
        try withBareRoot { (root) throws in
            try addDecoys(root)
            try withSwapping(root) { () throws in
                var differing: [[String]] = []
                for _ in 0..<1_000 {
                    try withProgram(root: root) { (child) throws in
                        let found = try mounts(of: child.pid)
                        if found != honest { differing.append(found) }
                        let open = try writableKernelFiles(child.pid)
                        if !open.isEmpty { differing.append(open) }
                    }
                }
                #expect(differing == [])
            }
        }
        #expect(corePattern == before)
    }

    @Test(
        "Control: without our directories swapping is seen", .enabled(if: isRoot, "skipped: needs root"))
    func swappingShows() throws {
        let honest = try honestMounts(.standard)
        try withBareRoot { (root) throws in
            try addDecoys(root)
            try withSwapping(root) { () throws in
                var isSeen = false
                for _ in 0..<1_000 where !isSeen {
                    do {
                        try withProgram(root: root, change: withoutOurDirectories) { (child) throws in
                            isSeen = try mounts(of: child.pid) != honest
                        }
                    } catch is LabError {}
                }
                #expect(isSeen)
            }
        }
    }
}

/// A thread that runs a program again and again until it is stopped.
private final class Swapper: @unchecked Sendable {
    private let program: LaunchProgram
    private var thread = pthread_t()
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private var isStopped = false

    init(_ program: LaunchProgram) {
        self.program = program
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    func start() throws {
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Swapper>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        try #require(code == 0)
    }

    func stop() {
        pthread_mutex_lock(lock)
        isStopped = true
        pthread_mutex_unlock(lock)
        pthread_join(thread, nil)
    }

    private func run() {
        while true {
            pthread_mutex_lock(lock)
            let ends = isStopped
            pthread_mutex_unlock(lock)
            if ends { return }
            try? program.rehearse()
        }
    }
}
