import Glibc
import LabCore

/// A test that a cgroup's limit of bytes per second holds: a program that writes past the page cache to the disk that
/// holds LAB_HOME, with `setting` MiB per second as the limit.
///
/// Values: `asked-bytes`, `achieved-bytes` (per second) and `achieved-ratio`, by the controller's own count.
struct IOLimit: Experiment {
    let id = "io-limit"

    private static let window = Duration.seconds(1)
    /// A program that writes less of what it may than this never came to the limit.
    private static let leastShare = 0.8

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let mebibytes = bench.setting.flatMap({ Int($0) }), (1...65_536).contains(mebibytes) else {
            throw LabError(.usage, "io-limit needs a setting in MiB per second")
        }
        return try ScratchDirectory.with(bench) { (directory) throws(LabError) in
            let file = "\(directory)/written"
            try Disk.fill(file, bytes: 16 << 20, &bench.generator)
            let device = try BlockDevice.holding(file)
            let isV2 = (try? ControllerMounts.current().hierarchy(of: "blkio")) == nil
            let controller = isV2 ? "io" : "blkio"
            return try TrialCgroup.with(.init(controllers: [controller]), bench) {
                (cgroup) throws(LabError) in
                let asked = mebibytes << 20
                try cgroup.set(
                    controller, v1: ("blkio.throttle.write_bps_device", "\(device.number) \(asked)"),
                    v2: ("io.max", "\(device.number) wbps=\(asked)"))
                return try TrialChild.with(.disk(file: file), .init(cgroup: cgroup), bench) {
                    (child) throws(LabError) in
                    try child.waitUntilReady(deadline: bench.deadline)
                    return try measure(cgroup, controller, device, asked: Double(asked), bench)
                }
            }
        }
    }

    private func measure(
        _ cgroup: TrialCgroup, _ controller: String, _ device: BlockDevice, asked: Double, _ bench: Bench
    ) throws(LabError) -> Finding {
        func written() throws(LabError) -> UInt64 {
            let text = cgroup.text(controller, v1: "blkio.throttle.io_service_bytes", v2: "io.stat")
            return Self.bytesWritten(on: device.number, in: text) ?? 0
        }
        // The first slice is given in advance.
        try bench.pause(.milliseconds(200))
        let (began, before) = (MonotonicInstant.now(), try written())
        try bench.pause(Self.window)
        let (ended, after) = (MonotonicInstant.now(), try written())
        guard after > before else {
            throw LabError(
                .unavailable, "the controller \(controller) accounts for nothing on the disk of LAB_HOME",
                cause: "\(device.name) (\(device.number)) has no bytes written in the cgroup")
        }
        let achieved = Double(after - before) * 1e9 / Double(ended.nanoseconds(since: began))
        var finding = Finding(values: [
            "asked-bytes": asked, "achieved-bytes": achieved, "achieved-ratio": achieved / asked,
        ])
        // The disk itself may be slower than what it is limited to.
        if achieved < asked * Self.leastShare {
            finding.stop("achieved-bytes", "achieved-ratio", by: .diskSpeed)
        }
        finding.facts["disk"] = Fact(
            answer: "\(device.name)", mechanism: .cgroup,
            evidence: "\(controller) counted \(after - before) bytes written to \(device.number)")
        return finding
    }

    /// Bytes written to a device: `8:0 Write 4096` (v1) or `8:0 rbytes=… wbytes=4096 …` (v2); nil when there is no
    /// such line.
    static func bytesWritten(on device: String, in text: String) -> UInt64? {
        for line in text.split(separator: "\n") where line.hasPrefix("\(device) ") {
            let fields = line.split(separator: " ").dropFirst()
            if fields.first == "Write", let number = fields.dropFirst().first { return UInt64(number) }
            if let field = fields.first(where: { $0.hasPrefix("wbytes=") }) {
                return UInt64(field.dropFirst("wbytes=".count))
            }
        }
        return nil
    }
}

/// The whole disk that holds a file: limits are set on disks, not on partitions.
struct BlockDevice: Equatable {
    /// `vda`.
    var name: String
    /// `254:0`.
    var number: String

    /// - Throws: `.unavailable` where the file is on no block device (tmpfs, btrfs, overlay, a network).
    static func holding(_ path: String) throws(LabError) -> BlockDevice {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw LabError(.input, "cannot examine \(path)", cause: "\(Errno(errno))")
        }
        let device = UInt64(status.st_dev)
        let major = (device >> 8) & 0xfff | (device >> 32) & ~0xfff
        let minor = device & 0xff | (device >> 12) & ~0xff
        let directory = "/sys/dev/block/\(major):\(minor)"
        guard Files.exists(directory) else {
            throw LabError(
                .unavailable, "the files of LAB_HOME are on no block device of their own",
                cause: "device \(major):\(minor) is not in /sys/dev/block",
                remedy: "set LAB_HOME to a directory on a disk")
        }
        let disk = Files.exists("\(directory)/partition") ? "\(directory)/.." : directory
        guard let number = Files.line("\(disk)/dev"), let resolved = try? Files.realPath(disk) else {
            throw LabError(
                .unavailable, "the disk of LAB_HOME is unknown", cause: "\(disk)/dev can't be read")
        }
        let name = resolved.split(separator: "/").last.map(String.init) ?? number
        return BlockDevice(name: name, number: number)
    }
}
