import Glibc
import Launch
import Testing

@testable import ContainerDriver
@testable import LabCore

/// What lab raises of its own limits, and what its children have of that.
///
/// A limit is the whole process's, so the tests run in one of their own. Exit tests of swift-testing are no way to it:
/// they wait with waitid(P_ALL, WNOWAIT), which shows nothing but the first child that nobody has waited for yet; with
/// one that nobody ever waits for they never end.
@Suite struct CallerLimitsTests {
    private static let isOwnProcess = getenv("LAB_TEST_OWN_PROCESS") != nil

    @Test("The tests of limits pass in a process of their own")
    func inAProcessOfTheirOwn() throws {
        let words = [
            CommandLine.arguments[0], "--testing-library", "swift-testing", "--filter",
            "CallerLimitsTests.Inside",
        ]
        let ran = try Tool.run(
            "/bin/sh", ["-c", "LAB_TEST_OWN_PROCESS=1 exec \"$@\" 2>&1", "sh"] + words, in: "/",
            deadline: .now().advanced(by: .seconds(120)))
        #expect(ran.status == 0 && ran.text.contains("Test run with 3 tests"), "\(ran.text)")
    }

    @Suite(.serialized, .enabled(if: isOwnProcess, "in a process of its own: inAProcessOfTheirOwn runs it"))
    struct Inside {
        /// What lab does at its start, of a caller that may have 300 files open.
        init() {
            _ = Self.raiseFrom300Files
        }

        /// The hard limit.
        private static let raiseFrom300Files: UInt64 = {
            var limit = rlimit()
            getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = 300
            setrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
            OwnLimits.raise()
            return UInt64(limit.rlim_max)
        }()

        private var soft: UInt64 {
            var limit = rlimit()
            getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
            return UInt64(limit.rlim_cur)
        }

        @Test("Soft limits are raised to the hard ones, and a tool has what the caller had")
        func raisedForUsAlone() throws {
            let raisedTo = min(Self.raiseFrom300Files, 1 << 20)
            #expect(soft == raisedTo && soft > 300)
            #expect(OwnLimits.raised.first { $0.name == "RLIMIT_NOFILE" }?.soft == 300)
            let said = try Tool.run(
                "sh", ["-c", "ulimit -Sn"], in: "/", deadline: .now().advanced(by: .seconds(120)))
            #expect(said.text == "300\n")
            #expect(soft == raisedTo)
            // Once more raises nothing that it has raised already.
            let raised = OwnLimits.raised
            OwnLimits.raise()
            #expect(OwnLimits.raised == raised)
        }

        @Test("A bare process has the limits of lab's caller")
        func bareProcess() throws {
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

        @Test("A container's limits are its own, whatever lab raised")
        func container() throws {
            let steps = ProcessSettings().steps(.current()).map(\.name)
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
