import Glibc
import Testing

@testable import LabCore
@testable import VMDriver

@Suite struct LibvirtCallTests {
    /// Stands for a call of libvirt that starts a program and waits for it, as it asks a QEMU what it can do.
    private static func waiting(for script: String) throws(LibvirtError) -> Int32 {
        var argv: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(script), nil]
        defer { for word in argv { free(word) } }
        var pid: pid_t = 0
        guard posix_spawnp(&pid, "sh", nil, nil, &argv, environ) == 0 else { throw .last() }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
        return status
    }

    private func isRunning(_ pid: pid_t) -> Bool {
        let state = (try? Files.readText("/proc/\(pid)/stat"))?.split(separator: ")").last?.first {
            $0 != " "
        }
        return state != nil && state != "Z"
    }

    @Test(
        "a call that waits for a program that never ends is given up, and the program ends with all its children"
    )
    func whatACallWaitsForEndsWithIt() throws {
        let path = "/tmp/lab-libvirt-call-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { unlink(path) }
        let script =
            "sleep 600 & echo $$ $! >\(path).new; mv \(path).new \(path); while :; do sleep 600; done"
        do throws(LibvirtError) {
            _ = try LibvirtCall.make(.probe, until: .now().advanced(by: .seconds(2))) {
                () throws(LibvirtError) in try Self.waiting(for: script)
            }
            Issue.record("it ended by itself")
        } catch {
            #expect(error.end == .late)
            #expect(error.labError(.unavailable, "x").kind == .unavailable)
            #expect(error.labError(.instance, "x").kind == .timeout)
        }
        let pids = try Files.readText(path).split(whereSeparator: \.isWhitespace).compactMap { pid_t($0) }
        #expect(pids.count == 2)
        let deadline = MonotonicInstant.now().advanced(by: .seconds(20))
        while pids.contains(where: isRunning), MonotonicInstant.now() < deadline { usleep(1_000) }
        #expect(!pids.contains(where: isRunning))
    }

    @Test("a program that nobody ends goes on after the call was given up")
    func withoutItTheProgramGoesOn() throws {
        let path = "/tmp/lab-libvirt-call-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { unlink(path) }
        let call = try BoundedCall {
            try? Self.waiting(for: "echo $$ >\(path).new; mv \(path).new \(path); exec sleep 600")
        }
        let deadline = MonotonicInstant.now().advanced(by: .seconds(20))
        while !Files.exists(path), MonotonicInstant.now() < deadline { usleep(1_000) }
        let value = call.wait(until: .now().advanced(by: .milliseconds(100)))
        #expect(value == nil)
        let pid = try #require(Files.line(path).flatMap { pid_t($0) })
        #expect(isRunning(pid) && call.children.map(\.pid) == [pid])
        kill(pid, SIGKILL)
        let end = call.wait(until: .now().advanced(by: .seconds(20)))
        #expect(end != nil)
    }

    @Test("what a call throws and returns comes back as it is")
    func whatComesInTimeIsHandedOver() throws {
        let value = try LibvirtCall.make(.question) { () throws(LibvirtError) in 42 }
        #expect(value == 42)
        do throws(LibvirtError) {
            try LibvirtCall.make(.question) { () throws(LibvirtError) in
                throw LibvirtError(code: 7, message: "no")
            }
            Issue.record("it succeeded")
        } catch {
            #expect(error.code == 7 && error.end == .refused)
        }
    }
}
