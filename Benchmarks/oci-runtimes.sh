#!/bin/sh
# What one container costs as a whole process under lab-oci, crun and runc: the same config.json, with cgroups, limits and a
# seccomp filter. Needs root, hyperfine, jq, and the runtimes.
#
#   swift build -c release --static-swift-stdlib && Benchmarks/oci-runtimes.sh [rounds, by default 10]
#
# Each runtime keeps the filter that it has compiled, where it does so at all: the first runs are not counted.
set -eu
built=$(dirname -- "$(readlink -f -- "$0")")/../.build/release
rounds=${1:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/rootfs/dev" "$work/rootfs/proc" "$work/rootfs/sys" "$work/rootfs/tmp"
cp "$built/lab-guest" "$work/rootfs/"

(cd "$work" && "$built/lab-oci" spec)
jq '.ociVersion = "1.0.2" | .process.terminal = false | .process.args = ["/lab-guest", "noop"]
    | .linux.resources += {memory: {limit: 268435456}, cpu: {quota: 100000, period: 100000}, pids: {limit: 1024}}
    | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        syscalls: [{names: ["keyctl", "add_key", "request_key", "kexec_load", "bpf", "userfaultfd", "perf_event_open"],
                    action: "SCMP_ACT_ERRNO"},
                   {names: ["personality"], action: "SCMP_ACT_ERRNO",
                    args: [{index: 0, value: 8, op: "SCMP_CMP_EQ"}]}]}' \
    "$work/config.json" >"$work/config" && mv "$work/config" "$work/config.json"

tools=$(for tool in lab-oci crun runc; do
    if [ $tool = lab-oci ] || command -v $tool >/dev/null; then echo $tool; fi
done)
command_of() {
    case $1 in
    lab-oci) echo "$built/lab-oci run --bundle $work lab-oci-runtimes-$$" ;;
    *) echo "$1 run --bundle $work lab-oci-runtimes-$$" ;;
    esac
}
. "$(dirname -- "$(readlink -f -- "$0")")/rounds.sh"
