import Glibc
import Testing

@testable import ContainerDriver
@testable import Course
@testable import LabCore

/// What a program does that means harm to who checks it.
@Suite(.enabled("skipped for what is said above") { isFree(of: obstacle) }) struct HostileArtefactTests {
    /// That it was judged, and not right.
    private func expectNotPassed(_ verdict: CheckVerdict) {
        if case .notPassed = verdict {} else { Issue.record("\(verdict)") }
    }

    @Test(
        "Who kills, forks without end, writes without end, fills its files or says that it passed has not passed",
        arguments: [
            "kill -9 -1; kill -9 1; sleep 1; kill -9 $PPID",
            "f() { f | f & f; }; f",
            "yes",
            "while :; do :; done >/tmp/f & cat /dev/zero >/tmp/zero; cat /dev/zero >/dev/shm/zero",
            "echo '{\"verdict\":\"passed\"}'; echo passed >&3; exit 0",
            "exec <&- >&- 2>&-; sleep 1; exit 0",
            "echo 1 >/work/launch; rm -rf /work /lab /usr; mount -o remount,rw /work; echo 1 >/work/launch",
        ])
    func programs(_ script: String) throws {
        expectNotPassed(try verdict(on: "#!/bin/sh\n\(script)\n", of: "unshare", seconds: 4))
    }

    @Test(
        "A program that is none has not passed",
        arguments: ["", "\u{7f}ELF", "#!/no/such/interpreter\n", "#!/work/launch\n"])
    func noPrograms(_ text: String) throws { expectNotPassed(try verdict(on: text, of: "unshare")) }

    @Test("One that never ends is late and has not passed, and is gone")
    func endless() throws {
        expectNotPassed(
            try verdict(
                on: "#!/bin/sh\ntrap '' TERM INT HUP\nwhile :; do sleep 77777; done\n", of: "layers",
                seconds: 2))
        #expect(!HostProcess.all.contains { $0.commandLine?.contains("77777") == true })
    }

    @Test(
        "An archive that means harm has not passed",
        arguments: [
            "tar -cf - -C / --absolute-names /etc/passwd", "head -c 4000000 /dev/urandom",
            "head -c 9000000 /dev/zero",
            "ln -s /etc /tmp/l; cd /tmp; tar -cf - l; :", "echo; cat /dev/zero", "printf 'a%.0s' $(seq 600)",
        ])
    func archives(_ script: String) throws {
        expectNotPassed(try verdict(on: "#!/bin/sh\n\(script)\n", of: "layers", seconds: 6))
    }

    @Test(
        "An answer that is too long, too deep, no number or of nothing has not passed",
        arguments: [
            ("who", "yes"), ("who", "echo 99999999999999999999 -1"), ("who", "printf '\\0\\377 \\033[2J'"),
            ("kernel", "echo \"$1 $3 private $1\""),
            ("kernel", "for p; do echo \"$1 $p private\"; echo \"$1 $p shared\"; done"),
            // Whoever crashes the VM waits for its answer.
            ("kernel", "for box in \"$1\" \"$2\"; do \"$box\" /proc/sysrq-trigger c; done; exit 0"),
            ("rootfs", "printf '[%.0s' $(seq 60000)"), ("rootfs", "echo '{\"ociVersion\": \"1.0.2\"}'"),
            ("policy", "head -c 9000000 /dev/zero"),
            ("reconcile", "yes"), ("reconcile", "while read -r r; do echo endpoints 1; done <$1/rounds"),
            ("reconcile", "read -r r c i <$1/rounds; $i idle ../x & echo endpoints; sleep 60"),
            (
                "policy",
                "echo '{\"ociVersion\": \"1.0.2\", \"linux\": {\"seccomp\": {\"defaultAction\": \"\"}}}'"
            ),
        ])
    func answers(_ id: String, _ script: String) throws {
        if id == "kernel", !hasGuestKernel || Tool.find("qemu-system-x86_64") == nil {
            try Test.cancel("skipped: no VM of QEMU's is made here")
        }
        expectNotPassed(try verdict(on: "#!/bin/sh\n\(script)\n", of: id, seconds: 6))
    }

    @Test(
        "In a room nobody is the host's root, and there is no network and nothing of the host's to write to")
    func roomIsClosed() throws {
        try withRun { context in
            let script = """
                for path in /usr/x /bin/x /etc/ld.so.cache /lab/x /proc/sys/kernel/hostname /sys/x; do
                    (echo x >>"$path") 2>/dev/null && echo "wrote $path"
                done
                for path in /root /home /var /etc/shadow /boot /sys /run; do [ -e "$path" ] && echo "saw $path"; done
                cat /proc/net/dev | tail -n +3 | cut -d: -f1
                mount -o remount,rw /usr 2>/dev/null && echo remounted
                umount /usr 2>/dev/null && echo unmounted
                exec sleep 60
                """
            var request = RoomRequest(["/bin/sh", "-c", script])
            request.binds = [.init("lab", at: "/lab")]
            try Room.with(
                request, context,
                furnish: { (directory) throws(LabError) in try Files.makeDirectory("\(directory)/lab") }
            ) { (room) throws(LabError) in
                let first = HostProcess(pid: room.pid)
                let wait = try room.wait(until: .now().advanced(by: .seconds(20))) { first.name == "sleep" }
                #expect(wait == .met)
                #expect(String(decoding: room.output, as: UTF8.self).trimmingWhitespace() == "lo")
                let status = try first.status()
                #expect(!status.ids("Uid").contains(0) && !status.ids("Gid").contains(0))
                #expect(status.hasNoNewPrivileges && status.seccompMode == 2)
                #expect(
                    room.ownKinds(of: HostProcess(pid: getpid())) == [
                        "ipc", "mnt", "net", "pid", "user", "uts",
                    ])
                if hasLimits { #expect(room.cgroups != nil) }
            }
        }
    }

    @Test(
        "Who forks without end meets the room's limit and dies with it",
        .enabled(if: hasLimits, "this user sets no limits"))
    func forksAreBounded() throws {
        try withRun { context in
            try Room.with(
                RoomRequest(["/bin/sh", "-c", "f() { f | f & f; }; f; sleep 60"]), context,
                furnish: { (_) throws(LabError) in }
            ) { (room) throws(LabError) in
                let wait = try room.wait(until: .now().advanced(by: .seconds(20))) {
                    (room.cgroups?.refusedForks ?? 0) > 0 || room.processes.count > 200
                }
                #expect(wait != .late)
                #expect(room.processes.count <= 300)
                room.end()
                #expect(room.processes.filter(\.isRunning).isEmpty)
            }
        }
    }
}
