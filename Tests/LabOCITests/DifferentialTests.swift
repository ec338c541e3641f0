import Glibc
import LabCore
import OCI
import TestTrees
import Testing

@testable import LabOCI

/// The same bundle under runc, crun and ours: where those two agree on what a process sees, ours agrees with them.
@Suite(
    "lab-oci beside runc and crun",
    .enabled(if: Runtimes.canRun, Runtimes.reason),
    .enabled(if: Tool.find("runc") != nil && Tool.find("crun") != nil, "runc or crun is not installed"))
struct DifferentialTests {
    /// Lines of `KEY VALUE`, each compared by itself.
    private static let script = """
        while read -r key rest; do case $key in
        Uid:|Gid:|Groups:|CapInh:|CapPrm:|CapEff:|CapBnd:|CapAmb:|NoNewPrivs:|Seccomp:|SigBlk:|SigIgn:|NSpid:)
            echo "status $key $rest";; esac; done < /proc/self/status
        while read -r line; do echo "limit $line"; done < /proc/self/limits
        echo "cwd $(pwd)"; echo "umask $(umask)"; echo "score $(cat /proc/self/oom_score_adj)"
        echo "hostname $(cat /proc/sys/kernel/hostname)"; echo "domain $(cat /proc/sys/kernel/domainname)"
        env | while read -r line; do echo "env $line"; done
        while read -r a b c d point options rest; do echo "mount $point $options ${rest##* - }"; done < /proc/self/mountinfo
        for name in $(ls /dev); do echo "dev $name $(stat -c '%F %a %u %g %t %T' /dev/$name)"; done
        for kind in ipc mnt net pid uts cgroup; do
            [ "$(readlink /proc/self/ns/$kind)" = "$(cat /host-$kind 2>/dev/null)" ] && echo "ns $kind host"; done
        for file in /proc/kcore /proc/keys /proc/timer_list /sys/firmware; do
            echo "masked $file $(cat $file 2>/dev/null | wc -c) $(ls $file 2>/dev/null | wc -l)"; done
        for path in / /proc/sys/kernel /proc/irq /tmp /dev/shm; do
            echo x 2>/dev/null > $path/lab-probe && echo "writable $path" || echo "closed $path"; done
        echo "msgmax $(cat /proc/sys/kernel/msgmax)"
        ls /proc/self/fd | while read -r fd; do [ $fd -gt 2 ] || echo "fd $fd"; done
        echo "null $(cat /dev/null | wc -c)"; echo "session $(cut -d' ' -f6 /proc/self/stat 2>/dev/null)"
        """

    static let variants: [(String, @Sendable (inout RuntimeSpec) -> Void)] = [
        ("as it is", { _ in }),
        (
            "user and groups",
            {
                $0.process?.user = RuntimeSpec.User {
                    ($0.uid, $0.gid, $0.umask, $0.additionalGids) = (1_000, 1_001, 0o027, [7, 8])
                }
            }
        ),
        (
            "ambient capabilities of a user",
            {
                let names = ["CAP_NET_BIND_SERVICE", "CAP_CHOWN"]
                $0.process?.user = RuntimeSpec.User { ($0.uid, $0.gid) = (1_000, 1_001) }
                $0.process?.capabilities = RuntimeSpec.Capabilities {
                    ($0.bounding, $0.effective, $0.permitted) = (names, names, names)
                    ($0.inheritable, $0.ambient) = (names, ["CAP_NET_BIND_SERVICE"])
                }
            }
        ),
        (
            "five different sets",
            {
                $0.process?.capabilities = RuntimeSpec.Capabilities {
                    ($0.bounding, $0.effective) = (["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_KILL"], ["CAP_CHOWN"])
                    ($0.permitted, $0.inheritable) = (["CAP_CHOWN", "CAP_KILL"], ["CAP_KILL"])
                }
            }
        ),
        ("new privileges", { $0.process?.noNewPrivileges = false }),
        ("cwd", { $0.process?.cwd = "/srv" }),
        (
            "cwd that is made",
            {
                $0.process?.cwd = "/made/here"
                $0.root?.readonly = false
            }
        ),
        (
            "rlimits",
            {
                $0.process?.rlimits = [
                    ("RLIMIT_NOFILE", 500, 600), ("RLIMIT_CORE", 0, 0), ("RLIMIT_NPROC", 99, 999),
                ].map { type, soft, hard in
                    RuntimeSpec.Rlimit { ($0.type, $0.soft, $0.hard) = (type, soft, hard) }
                }
            }
        ),
        ("oom score", { $0.process?.oomScoreAdj = 321 }),
        ("a root that is written to", { $0.root?.readonly = false }),
        (
            "domain and sysctl",
            {
                $0.domainname = "lab.example"
                $0.linux?.sysctl = ["kernel.msgmax": "9000", "net.ipv4.ip_forward": "1"]
            }
        ),
        (
            "the host's network, IPC and names",
            {
                $0.linux?.namespaces?.removeAll { ["network", "ipc", "uts"].contains($0.type) }
                ($0.hostname, $0.mounts) = (nil, $0.mounts?.filter { $0.destination != "/sys" })
            }
        ),
        (
            "mount options",
            {
                func mount(_ target: String, _ type: String, _ options: [String]) -> RuntimeSpec.Mount {
                    RuntimeSpec.Mount {
                        ($0.destination, $0.type, $0.source, $0.options) = (
                            target, type, type == "bind" ? "/usr/share" : type, options
                        )
                    }
                }
                $0.mounts? += [
                    mount("/srv/a", "bind", ["bind", "ro", "nosuid", "noexec"]),
                    mount("/srv/b", "bind", ["rbind", "rw", "nodev", "rprivate"]),
                    mount("/srv/c", "tmpfs", ["size=1m", "mode=700", "noatime"]),
                    mount("/srv/d", "tmpfs", ["ro", "noexec"]),
                    mount("/var/run/../deep/er", "tmpfs", ["nosuid"]),
                    mount("/srv/e", "bind", ["rbind", "rslave"]),
                ]
                $0.root?.readonly = false
            }
        ),
        (
            "devices",
            {
                $0.linux?.devices = [
                    RuntimeSpec.Device {
                        ($0.type, $0.path, $0.major, $0.minor) = ("c", "/dev/lab", 1, 5)
                        ($0.fileMode, $0.uid, $0.gid) = (0o640, 5, 6)
                    },
                    RuntimeSpec.Device { ($0.type, $0.path, $0.fileMode) = ("p", "/dev/fifo", 0o600) },
                ]
            }
        ),
        (
            "a filter",
            {
                $0.linux?.seccomp = RuntimeSpec.Seccomp {
                    $0.defaultAction = "SCMP_ACT_ALLOW"
                    ($0.architectures) = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
                    $0.syscalls = [
                        RuntimeSpec.Syscall {
                            ($0.names, $0.action, $0.errnoRet) = (["mkdir", "mkdirat"], "SCMP_ACT_ERRNO", 38)
                        }
                    ]
                }
            }
        ),
        ("an exit status", { $0.process?.args = ["/bin/sh", "-c", "exit 42"] }),
        ("a signal", { $0.process?.args = ["/bin/sh", "-c", "sh -c 'kill -9 $PPID' & sleep 1; exit 3"] }),
        ("no program", { $0.process?.args = ["none"] }),
        ("no such file", { $0.process?.args = ["/none"] }),
        ("cwd that is a file", { $0.process?.cwd = "/etc/motd" }),
        ("LINUX32", { $0.linux?.personality = RuntimeSpec.Personality { $0.domain = "LINUX32" } }),
    ]

    /// - Returns: the exit status and the lines by their first two words, more than one of a kind together.
    private func seen(by program: String, _ change: (inout RuntimeSpec) -> Void) throws -> [String: String] {
        let bundle = try Bundle(program)
        var spec = Bundle.spec(["/bin/sh", "-c", Self.script])
        spec.hostname = "box"
        change(&spec)
        try bundle.write(spec)
        let output = try bundle.call(["run", bundle.id()])
        var lines: [String: String] = ["exit": "\(output.status)"]
        guard output.status == 0 else { return lines }
        for line in output.text.split(separator: "\n") {
            let words = line.split(separator: " ")
            let key = words.prefix(2).joined(separator: " ")
            // Names of what differs from bundle to bundle, and numbers of what was mounted.
            var text = String(line)
            for name in [bundle.root, bundle.directory] {
                text = text.split(separator: name, omittingEmptySubsequences: false).joined(separator: "ROOT")
            }
            lines[key, default: ""] += text + "\n"
        }
        return lines
    }

    @Test("What a process sees", arguments: variants.indices) func differences(index: Int) throws {
        let (name, change) = Self.variants[index]
        let runc = try seen(by: try #require(Tool.find("runc")), change)
        let crun = try seen(by: try #require(Tool.find("crun")), change)
        let ours = try seen(by: try #require(Runtimes.ours), change)
        if name == "as it is" { #expect(ours["exit"] == "0" && ours.count > 60, "\(ours)") }
        for key in Set(runc.keys).union(crun.keys).union(ours.keys).sorted() where runc[key] == crun[key] {
            #expect(
                ours[key] == runc[key],
                "\(name), \(key): runc and crun \(runc[key] ?? "-"), ours \(ours[key] ?? "-")")
        }
    }
}
