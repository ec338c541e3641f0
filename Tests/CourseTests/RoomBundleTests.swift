import Testing

@testable import Course
@testable import LabCore
@testable import OCI

@Suite struct RoomBundleTests {
    private func spec(_ change: (inout RuntimeSpec) -> Void = { _ in }) -> RuntimeSpec {
        var spec = RuntimeSpec {
            $0.root = .init { $0.path = "/tree" }
            $0.process = .init { $0.args = ["/guest", "idle"] }
            $0.linux = .init { $0.namespaces = ["mount", "pid"].map { type in .init { $0.type = type } } }
        }
        change(&spec)
        return spec
    }

    private func mount(_ destination: String, _ source: String?, _ type: String = "bind") -> RuntimeSpec.Mount
    {
        RuntimeSpec.Mount {
            $0.destination = destination
            $0.source = source
            $0.type = type
        }
    }

    @Test("Without a mount namespace there is a chroot alone; with one the tree becomes the root")
    func rootsAreEntered() throws {
        let whole = try RoomBundle(spec { $0.root?.readonly = true }).script
        #expect(whole.contains("--mount --pid --fork") && whole.contains("mount -n --move . /"))
        #expect(whole.contains("remount,bind,ro"))
        let half = try RoomBundle(spec { $0.linux?.namespaces?.removeFirst() }).script
        #expect(!half.contains("--mount ") && !half.contains("--move") && half.contains("chroot ."))
    }

    @Test("A path that leads elsewhere, a namespace that is entered and what nobody knows is refused")
    func refusals() {
        let changes: [(inout RuntimeSpec) -> Void] = [
            { $0.root = nil }, { $0.root?.path = "tree" }, { $0.root?.path = "/tree/../.." },
            { $0.process?.args = [] }, { $0.process?.cwd = "/proc/self/fd/9" },
            { $0.process?.env = ["PATH"] }, { $0.process?.args = ["a\0b"] },
            { $0.linux?.namespaces?[0].path = "/proc/1/ns/mnt" },
            { $0.linux?.namespaces?[0].type = "--mount" },
            { $0.mounts = [self.mount("/../x", "/y")] }, { $0.mounts = [self.mount("/", "/y")] },
            { $0.mounts = [self.mount("/x", "y")] }, { $0.mounts = [self.mount("/x", nil)] },
        ]
        for (number, change) in changes.enumerated() {
            let error = #expect(throws: LabError.self, "\(number)") { try RoomBundle(spec(change)) }
            #expect(error?.kind == .data)
        }
    }

    @Test("Whatever a word has in it, a shell takes it for that word")
    func wordsAreQuoted() throws {
        let hostile = "/a'; touch /tmp/x; $(id) `id` \" \n #"
        let script = try RoomBundle(
            spec {
                $0.root?.path = hostile
                $0.mounts = [self.mount(hostile, hostile), self.mount("/sys", "sysfs", "sysfs")]
                $0.process?.args = [hostile]
                $0.process?.env = ["A=\(hostile)"]
            }
        ).script
        // Quoted once for the shell within, and once more with all of that for the one without.
        let inner = ["/bin/sh", "-c", ShellText.quote(ShellText.quote(hostile))]
        #expect(script.contains(String(inner[2].dropFirst().dropLast())))
        #expect(!script.contains("sysfs"))
    }
}
