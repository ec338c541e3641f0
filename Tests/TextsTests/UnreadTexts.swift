/// Texts of the sources that look like sentences and are none: commands, formats, names that the kernel gave. They are
/// the same in every language, or nobody reads them.
enum UnreadTexts {
    static let all: Set<String> = [
        // Commands, which are typed as they stand.
        "apt-get install libvirt-daemon-driver-qemu", "apt-get install {}", "groupadd --system kvm && ",
        "{}chgrp kvm {} && chmod 660 {}", "open /etc/shadow", "open /etc with O_TMPFILE", "open /dev/mem",
        "uid {}",

        "docker {} {}", "echo off | sudo tee /sys/devices/system/cpu/smt/control", "lab clean", "lab doctor",
        "lab report {}", "lab run", "lab-container run ROOTFS COMMAND [ARG…]", "mkdir {}",
        "mount {}", "chdir {}", "write {}",
        "mkdir -p /sys/fs/cgroup/{} && mount -t cgroup -o {} cgroup /sys/fs/cgroup/{}", "podman {}",
        "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified",
        "gzip -6 -n", "rmdir lost+found", "chmod go-w {}", "read _ || exit 0", "write {} {}",
        "umount {}",
        "echo 1 | sudo tee /sys/devices/system/cpu/cpu{}/online", "lab run --cpus-allowed {}", "chmod +x {}",
        "systemctl stop {}", "systemctl start {}", "echo {} > {}", "set -e", "cpu_capacity {}",
        // Examples of a lab's file.
        "{name: rate, at: 'requests per second: ([0-9.]+)', better: more}",
        "{name: p99, at: /latency/p99, unit: ms}",
        "#series: [{id: words, parameters: {argument: [get, set]}}]",
        "--sweep memory", "--sweep cpus",
        // The beginnings of what apt says.
        "E: Unable to locate package ", "E: Couldn't find any package by ",
        // The steps of an image, which its history holds.
        "packages {}", "copy {} to {}",
        "lab exercise start {}", "lab exercise check", "lab exercise check {}",
        "{}\n\"$@\"; exit $?",
        "({}); exit $?", "mount -n --move . /", "exec env -i {} /usr/sbin/chroot . {}",
        "exec unshare {} -- /bin/sh -c {}",
        "/lab/guest pulse {} 20 >/dev/null &",
        "until [ -e /lab/{} ]; do sleep 0.1; done", "{} {} >&2 || exit", "nsenter --net=/run/netns/{}",
        "for i in $(seq {}); do echo {} >/dev/udp/{}/{}; done", "/lab/guest idle {}-{} >/dev/null &",
        "[ -e /run/netns/{} ] || exit 1",
        "ip link add name bridge0 type bridge && ip link add name one type veth peer name two",
        "unshare --mount --uts {} /bin/sh -c '{}' {} >&2 &", "Connection: close",
        "exec docker-registry serve /registry/configuration >/dev/null 2>&1",
        // Lines of ip -batch.
        "link add name {} address {} type bridge", "link set dev {} alias {}", "address add {} dev {}",
        "link set dev {} up", "link set dev {} master {} up",
        "neigh replace {} lladdr {} nud permanent dev {}",
        "link delete dev {}", "neigh delete {} dev {}", "tuntap add dev {} mode tap user 0",
        "link add name {} type veth peer name eth0 address {} netns {}",
        // Steps that are called as their command is.
        "mkdir upper", "mkdir work", "move /{}", "bind /proc", "empty pipe",
        // Words of the runtime specification.
        "process.user 4294967295", "linux.namespaces: {}", "linux.namespaces: {} of {}", "mounts: {} on {}",
        "mounts: {} without /dev", "process.capabilities: {}", "linux.sysctl: {}={}", "process.rlimits: {}",
        // Calls, versions and formats.
        "clone3(CLONE_VM|CLONE_VFORK), execve", "lab {}", "lab: {}", "libvirt {}, {} {}",
        "prctl(PR_CAPBSET_DROP, …all but {})", "write(console.in, {})",
        "{{.ServerVersion}}, {{.Driver}}, cgroups by {{.CgroupDriver}}, {{.DefaultRuntime}}",
        // What a shell says of a program that it can't execute.
        "not found",
        // What is read in files of the kernel.
        "pids.current {}", "pids.events {}", "memory {}", "memory.events max {}", "oom_kill {}",
        "nr_throttled {}",
        "populated 0", "frozen 0", "frozen 1", "monotonic 86400 0", "errno {}", "error {}",
        "{}: pid {}",
        "innotek GmbH", "model name",
        // What a decoder is told of a file that nobody writes.
        "as text", "it is nested too deeply", "the text has no English",
        "it is no list of processors",
        // The one language of LabError itself.
        "\n  remedy: {}",
    ]
}
