import ContainerDriver
import LabCore
import VMDriver

/// Two boxes in a room: a container, which has the kernel of all, and a VM, which has another one. Both run lab-guest, and a program in the
/// room asks it there: `/vm/NAME PATH [VALUE]`.
struct KernelBoxes: Sendable {
    /// Names of the two, which do not say which is which.
    let container: String
    let machine: String

    static let directory = "vm"
    static let place = "/vm"

    func program(_ name: String) -> String { "\(Self.place)/\(name)" }

    static let bind = RoomRequest.Bind(directory, at: place)

    /// Lays both programs and what the VM boots into a room's files.
    func furnish(_ files: String, _ guest: RoomGuest) throws(LabError) {
        let place = "\(files)/\(Self.directory)"
        try Files.makeDirectory(place)
        try Files.write(try Files.read(guest.kernel, limit: 64 << 20), to: "\(place)/kernel")
        try Files.write(try Files.read(guest.initramfs, limit: 64 << 20), to: "\(place)/initramfs")
        for name in [container, machine] {
            try Files.write(Self.inside, to: "\(place)/\(name)", mode: 0o755)
            Files.waitUntilUnwritten("\(place)/\(name)")
        }
    }

    /// Asks lab-guest in the box of its own name.
    private static let inside = """
        #!/bin/sh
        # PATH [VALUE]: prints what PATH holds inside, after VALUE was written to it there. Ends with 1 when that can't be.
        box=/tmp/${0##*/}
        exec 3<>"$box.record.out"
        echo "$*" >"$box.console.in"
        read -r record answer value <&3
        if [ "$answer" = ok ]; then echo "$value"; exit; fi
        echo "$1: $value" >&2
        exit 1

        """

    /// That both have begun, made in the room, and in its directory when that was seen.
    private static let sign = "kernels-are-up"

    /// The words of a shell in the room that starts them and waits for them.
    func script(_ guest: RoomGuest, withContainer: Bool = true) throws(LabError) -> String {
        let names = withContainer ? [container, machine] : [machine]
        let options = try guest.arguments(
            of: Workload(name: "settings"), in: Self.place, pipe: "/tmp/\(machine)")
        let contained = """
            unshare --user --map-root-user --mount --net --ipc --uts --pid --fork --kill-child --mount-proc \
            \(CheckBench.guest) settings <>/tmp/\(container).console.in 1<>/tmp/\(container).record.out &
            """
        return """
            for box in \(names.joined(separator: " ")); do
                mkfifo /tmp/$box.console.in /tmp/$box.console.out /tmp/$box.record.in /tmp/$box.record.out
            done
            \(withContainer ? contained : "")
            cat /tmp/\(machine).console.out >/dev/null &
            \(MachineRoom.qemu) \(ShellText.join(options)) </dev/null >&2 &
            for box in \(names.joined(separator: " ")); do
                exec 3<>/tmp/$box.record.out
                until read -r line <&3 && [ "$line" = ready ]; do :; done
                exec 3<&-
            done
            : >/tmp/\(Self.sign)
            until [ -e \(Self.place)/\(Self.sign) ]; do sleep 0.02; done

            """
    }

    /// Waits until both have begun, before anything of a student's does.
    /// - Throws: `.unavailable` when they don't.
    static func awaitStart(in room: Room, _ bench: CheckBench) throws(LabError) {
        let wait = try room.wait(until: .now().advanced(by: CheckBench.limit)) {
            Files.exists("/proc/\(room.pid)/root/tmp/\(sign)")
        }
        guard wait == .met else {
            throw LabError(
                .unavailable, "no VM began in a room",
                cause: wait == .late
                    ? "it was not up after \(Int(CheckBench.limit / .seconds(1))) s; \(room.lastWords)"
                    : room.lastWords)
        }
        try Files.write("", to: "\(room.files)/\(directory)/\(sign)")
    }
}
