import Artifacts
import Glibc
import LabCore
import TestTrees
import Testing

@testable import VMDriver

// They boot guests, one after the other.
extension BootTests {
    @Suite(
        "a guest to be thrown away", .serialized,
        .enabled(if: BusyboxTree.isThere, "skipped: there is no static busybox"),
        .enabled(if: geteuid() == 0, "skipped: a guest is made by root"))
    struct DisposableGuestTests {
        /// A run of its own, of which nothing is left afterwards.
        private func withRun<Value>(_ body: (RunContext) throws -> Value) throws -> Value {
            let (paths, root) = (Bench.shared.paths, try #require(Bench.shared.root))
            let runID = "g\(UInt32.random(in: 0 ... .max))"
            let journal = try RunJournal(runID: runID, paths: paths)
            defer {
                journal.finish()
                rmdir(paths.run(runID))
            }
            let value = try body(
                RunContext(
                    runID: runID, paths: paths, journal: journal, rootFilesystem: root, mayFetch: true))
            #expect(QEMUProcess.all(of: "lab-\(runID)-0").isEmpty)
            return value
        }

        /// Runs a script in a guest of a tree of busybox, with these words on its standard input.
        private func run(_ script: String, input: String = "") throws -> DisposableGuest.End {
            let (tree, paths) = (try BusyboxTree(), Bench.shared.paths)
            let disks = Set(Files.list("\(paths.cache)/disks"))
            defer {
                for name in Files.list("\(paths.cache)/disks") where !disks.contains(name) {
                    unlink("\(paths.cache)/disks/\(name)")
                }
            }
            return try withRun { session in
                let home = "\(tree.path)-home"
                try Files.makeDirectory(home)
                defer { try? Files.removeTree(home) }
                try Files.write("of the host\n", to: "\(home)/note")
                let guest = try DisposableGuest.prepare(try tree.tree(), home: home, session)
                // What a session shares goes with it.
                defer { try? Files.removeTree("\(paths.machines)/lab-\(session.runID)-guest") }
                let kept = Files.list("\(paths.cache)/initramfs")
                return try withRun { context in
                    let end = try guest.run(
                        ["/bin/sh", "-c", script], environment: ["PATH=/bin", "WORD=two words"],
                        input: Array(input.utf8), within: .seconds(120 * Emulator.patience), context)
                    #expect(Files.list("\(paths.cache)/initramfs") == kept)
                    #expect(!Files.list(paths.machines).contains { $0.contains(context.runID) })
                    return end
                }
            }
        }

        @Test(
            "A command that makes containers has cgroups to make, a disk, its input, and its kernel's bridges"
        )
        func ground() throws {
            let script = """
                cat; echo "$WORD"; cat /var/lib/lab/note
                echo +memory +pids +cpu >/sys/fs/cgroup/cgroup.subtree_control && /bin/busybox mkdir /sys/fs/cgroup/own &&
                    ls -d /sys/fs/cgroup/own/memory.max
                echo new >/var/lib/lab/new && cat /var/lib/lab/new; ls -d /sys/module/bridge /sys/module/veth
                ls /sys/class/net; ls /var/lib/lab/home/cache/kernels/*/ | /bin/busybox cut -c1-8; exit 7
                """
            let end = try run(script, input: "of the run\n")
            #expect(try end.status.get() == 7)
            #expect(
                String(decoding: end.output, as: UTF8.self) == """
                    of the run
                    two words
                    of the host
                    /sys/fs/cgroup/own/memory.max
                    new
                    /sys/module/bridge
                    /sys/module/veth
                    lo
                    vmlinuz-

                    """, "\(end.lastWords)")
        }

        @Test("Of a guest that dies what it said is there, and that it died is no error of the host's")
        func silent() throws {
            let end = try run("echo said; /bin/busybox sleep 1; echo c >/proc/sysrq-trigger; sleep 60")
            #expect(String(decoding: end.output, as: UTF8.self) == "said\n")
            let error = try #require(throws: LabError.self) { _ = try end.status.get() }
            #expect(error.kind == .instance, "\(error)")
        }
    }
}
