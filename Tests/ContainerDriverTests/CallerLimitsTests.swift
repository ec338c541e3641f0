import Glibc
import Launch
import Testing

@testable import ContainerDriver
@testable import LabCore

/// What children of this driver have of the limits that lab raised for itself. In processes of their own.
@Suite struct CallerLimitsTests {
    /// What lab does at its start, of a caller that may have 300 files open.
    private static func raiseFrom300Files() {
        var limit = rlimit()
        getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = 300
        setrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
        OwnLimits.raise()
    }

    @Test("A bare process has the limits of lab's caller")
    func bareProcess() async {
        await #expect(processExitsWith: .success) {
            CallerLimitsTests.raiseFrom300Files()
            let launcher = try ChildLauncher()
            let program = LaunchProgram.process(program: "/bin/sh", parent: launcher.parent.rawValue)
            let output = try FileDescriptor.pipe()
            let write = output.write.release()
            let read = output.read
            _ = try ProgramBuffer(program, environment: []).start(
                .init(arguments: ["sh", "-c", "ulimit -Sn"], standard: (read.rawValue, write, write, -1)))
            close(write)
            var text = ""
            while let bytes = try? read.read(upTo: 100), !bytes.isEmpty {
                text += String(decoding: bytes, as: UTF8.self)
            }
            // The child looks whether its parent is there.
            withExtendedLifetime(launcher) {}
            #expect(text == "300\n")
            #expect(program.text(arguments: []).english.contains("setrlimit(RLIMIT_NOFILE, {300, "))
        }
    }

    @Test("A container's limits are its own, whatever lab raised")
    func container() async {
        await #expect(processExitsWith: .success) {
            CallerLimitsTests.raiseFrom300Files()
            let steps = ProcessSettings().steps(.current()).map(\.operation.name)
            #expect(steps.contains("resource limits"))
            // Only who has none of the settings of a container is as a bare process is.
            let spec = ContainerSpec(
                oci: .container([.pid], root: "/", hostname: "h"), program: "/bin/true", filter: nil,
                mountPoint: "/", parent: -1)
            let program = try LaunchProgram.container(spec)
            #expect(!program.steps.contains { $0.name == "the caller's limits" })
        }
    }
}
