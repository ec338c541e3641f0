#!/bin/sh
# What one container costs as a whole process: lab-container beside bwrap, crun and unshare, with the same root and the
# same command. Needs root, hyperfine, jq, and what is to be compared.
#
#   swift build -c release --static-swift-stdlib && Benchmarks/whole-process.sh [rounds, by default 10]
#
# bwrap gets the same seccomp filter and capabilities, but makes no cgroup: it is to be compared with lab-sh. crun makes
# cgroups, but gets no seccomp filter, because it would compile one at each start: it is to be compared with lab-limited.
set -eu
built=$(dirname -- "$(readlink -f -- "$0")")/../.build/release
rounds=${1:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LAB_HOME="$work/home"
root=$work/rootfs
mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/tmp"
cp "$built/lab-guest" "$root/"
"$built/container-start" filter >"$work/filter"
kept=$(for name in CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT \
    MKNOD AUDIT_WRITE SETFCAP; do printf ' --cap-add CAP_%s' $name; done)

# A shell hands bwrap its filter; it is in front of lab-container too where the two are compared.
cat >"$work/bwrap" <<END
#!/bin/sh
exec bwrap --unshare-all --ro-bind $root / --proc /proc --dev /dev --tmpfs /tmp --new-session --die-with-parent \
    --cap-drop ALL $kept --seccomp 9 -- /lab-guest noop 9<$work/filter
END
cat >"$work/lab-sh" <<END
#!/bin/sh
exec $built/lab-container run $root /lab-guest noop
END
chmod +x "$work/bwrap" "$work/lab-sh"

command_of() {
    case $1 in
    bwrap-sh) echo "$work/bwrap" ;;
    lab-sh) echo "$work/lab-sh" ;;
    lab) echo "$built/lab-container run $root /lab-guest noop" ;;
    lab-limited) echo "$built/lab-container run --memory 256MiB --cpus 1 $root /lab-guest noop" ;;
    crun) echo "crun run --bundle $work lab-whole-process-$$" ;;
    unshare) echo "unshare -m -u -i -n -p -C -f chroot $root /lab-guest noop" ;;
    esac
}
tools='bwrap-sh lab-sh lab lab-limited crun unshare'

(cd "$work" && crun spec)
jq '.process.terminal = false | .process.args = ["/lab-guest", "noop"]
    | .linux.resources = {memory: {limit: 268435456}, cpu: {quota: 100000, period: 100000}, pids: {limit: 1024}}
    | .linux.namespaces += [{type: "cgroup"}]' \
    "$work/config.json" >"$work/config" && mv "$work/config" "$work/config.json"
. "$(dirname -- "$(readlink -f -- "$0")")/rounds.sh"
