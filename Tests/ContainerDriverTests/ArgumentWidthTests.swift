import Artifacts
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore
@testable import Launch

/// A guest that makes system calls with numbers of 64 bits, which no function of libc lets through, and says how each
/// ended: the kernel itself is asked what it sees of them.
final class WideCalls {
    static let compiler = Tool.find("cc")

    /// The program, statically linked.
    let program: String
    private let directory: String

    /// First arguments of system calls, and the errno that each must end with under the default profile, 0 for none.
    static let calls: [(number: Int, first: UInt64, errno: Int32)] = [
        // AF_VSOCK and what the kernel takes for it.
        (SYS.socket, 40, EPERM), (SYS.socket, 40 | 1 << 32, EPERM), (SYS.socket, 40 | 1 << 63, EPERM),
        (SYS.socket, 40 | 0xffff_ffff << 32, EPERM),
        // AF_UNIX and what the kernel takes for it: so it is the lower half that decides.
        (SYS.socket, 1, 0), (SYS.socket, 1 | 1 << 32, 0),
        // ADDR_NO_RANDOMIZE; then PER_LINUX, and the question for what there is.
        (SYS.personality, 0x004_0000, EPERM), (SYS.personality, 0x004_0000 | 1 << 32, EPERM),
        (SYS.personality, 1 << 32, 0), (SYS.personality, 0xffff_ffff | 1 << 40, 0),
        // CLONE_NEWUSER and SIGCHLD.
        (SYS.clone, 0x1000_0011, EPERM), (SYS.clone, 0x1000_0011 | 1 << 40, EPERM),
    ]

    /// Numbers of the x86-64 ABI.
    private enum SYS {
        static let socket = 41
        static let clone = 56
        static let personality = 135
    }

    var expected: [String] { Self.calls.map { "\($0.errno)" } }
    /// What is to be done: under the filter that there is, or under one in a file.
    var workload: Workload { Workload(name: "call", arguments: words(filter: "-")) }

    private func words(filter: String) -> [String] {
        [filter] + Self.calls.map { "\($0.number):\($0.first)" }
    }

    init() throws {
        directory = "/tmp/lab-wide-calls-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try Files.makeDirectory(directory)
        program = "\(directory)/caller"
        try Files.write(Self.source, to: "\(directory)/caller.c")
        let output = try Tool.run(
            try #require(Self.compiler), ["-static", "-o", program, "caller.c"], in: directory,
            deadline: .now().advanced(by: .seconds(60)))
        try #require(output.status == 0, "\(output.text)")
    }

    deinit { try? Files.removeTree(directory) }

    /// How the calls end on this host under a filter, by their errno.
    func outcomes(under filter: [BPFInstruction]) throws -> [String] {
        let bytes = filter.withUnsafeBytes { Array($0) }
        try Files.write(bytes, to: "\(directory)/filter")
        let output = try Tool.run(
            program, ["call"] + words(filter: "\(directory)/filter"), in: "/",
            deadline: .now().advanced(by: .seconds(120)))
        try #require(output.status == 0, "\(output.text)")
        return output.text.split(separator: "\n").filter { $0.hasPrefix("output ") }.map {
            String($0.dropFirst("output ".count))
        }
    }

    private static let source = #"""
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <linux/filter.h>
        #include <linux/seccomp.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/prctl.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        int main(int argc, char **argv) {
            setvbuf(stdout, NULL, _IONBF, 0);
            printf("init\nready\n");
            if (argc > 2 && strcmp(argv[1], "hello") == 0) printf("output %s\n", argv[2]);
            else if (argc > 2 && strcmp(argv[1], "call") == 0) {
                if (strcmp(argv[2], "-") != 0) {
                    static struct sock_filter filter[4096];
                    struct sock_fprog program = {.filter = filter};
                    int file = open(argv[2], O_RDONLY);
                    program.len = read(file, filter, sizeof filter) / sizeof *filter;
                    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return 3;
                }
                for (int place = 3; place < argc; place++) {
                    char *rest;
                    long number = strtol(argv[place], &rest, 10);
                    unsigned long first = strtoul(rest + 1, NULL, 10);
                    errno = 0;
                    long result = syscall(number, first, number == SYS_socket ? 1UL : 0UL, 0UL, 0UL, 0UL);
                    if (number == SYS_clone && result == 0) _exit(0);
                    printf("output %d\n", result == -1 ? errno : 0);
                }
            }
            printf("exit 0\n");
            return 0;
        }

        """#
}

@Suite("widths of arguments", .enabled(if: WideCalls.compiler != nil, "skipped: there is no C compiler"))
struct ArgumentWidthTests {
    @Test("the kernel refuses what it would take for a forbidden value, by our filter and by libseccomp's")
    func theKernelRefusesWideArguments() throws {
        let calls = try WideCalls()
        let filter = try SeccompFilter(profile: .containerDefault)
        let ours = filter.instructions
        #expect(try calls.outcomes(under: ours) == calls.expected)
        #expect(try calls.outcomes(under: try libseccompFilter(.containerDefault)) == calls.expected)
    }

    @Test("a filter that compares all 64 bits lets it pass")
    func aFilterOfAllBitsLetsItPass() throws {
        let calls = try WideCalls()
        let passed: [UInt64] = [40 | 1 << 32, 40 | 1 << 63, 40 | 0xffff_ffff << 32]
        var profile = SeccompProfile.containerDefault
        for (place, rule) in profile.rules.enumerated() where rule.systemCalls == [.socket] {
            profile.rules[place].comparisons = [.differs(0, .long, from: 40)]
        }
        let filter = try SeccompFilter(profile: profile)
        let ours = filter.instructions
        for outcomes in [
            try calls.outcomes(under: ours), try calls.outcomes(under: libseccompFilter(profile)),
        ] {
            let differing = zip(WideCalls.calls, outcomes).filter { "\($0.errno)" != $1 }.map(\.0.first)
            #expect(differing == passed)
        }
    }

    @Test("in a container too", .enabled(if: obstacle == nil, "skipped: no container can be started here"))
    func aContainerIsHeldToo() throws {
        let calls = try WideCalls()
        let home = "/tmp/lab-wide-root-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { try? Files.removeTree(home) }
        let root = try RootFilesystem.minimal(
            guest: calls.program, paths: LabPaths(cache: "\(home)/cache", state: "\(home)/state"))
        try withContainer(root: root) { engine, _ in
            let instance = try engine.launch(request(calls.workload))
            #expect(try instance.waitForExit(deadline: .now().advanced(by: .seconds(120))) == 0)
            try instance.dispose()
            #expect(instance.transcript.outputs == calls.expected)
        }
    }
}
