import LabCore

/// Disks of VMs that share one: each a qcow2 file that holds only what its VM wrote, backed by the common one, which
/// nobody writes to. QEMU itself makes them, by the commands of its monitor (qemu-system(1), hmp-commands).
struct DiskOverlays {
    /// The bytes that each VM writes: one block of a file system.
    static let writtenBytes = 4_096
    private static let patience = Duration.seconds(60)
    private static let program = "qemu-system-x86_64"

    /// Makes `count` of them over `base` in `directory`, as `0.qcow2` and so on, and writes a block to each.
    /// - Throws: `.unavailable` where there is no QEMU; `.output` when it could not make them.
    static func make(_ count: Int, over base: String, in directory: String) throws(LabError) {
        let range = 0..<count
        let drives = range.flatMap { number in
            let file = base.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
            // Opened many times by one QEMU, and written by none.
            return ["-drive", "if=none,id=d\(number),format=raw,file.locking=off,file=\(file)"]
        }
        // Names without a directory need no quotes.
        let commands =
            range.map { "snapshot_blkdev d\($0) \($0).qcow2 qcow2" }
            + range.map { "qemu-io d\($0) \"write -P \(1 + $0 % 255) 0 \(writtenBytes)\"" }
        let said = try monitor(commands, drives, in: directory)
        let written = said.ranges(of: "wrote \(writtenBytes)/\(writtenBytes) bytes").count
        guard written == count, range.allSatisfy({ Files.exists("\(directory)/\($0).qcow2") }) else {
            throw LabError(.output, "cannot make disks over \(base)", cause: "\(Shown.lastLine(said))")
        }
    }

    /// Returns what a QEMU without a machine says to these commands.
    static func monitor(
        _ commands: [String], _ drives: [String], in directory: String
    ) throws(LabError) -> String {
        guard Tool.find(program) != nil else {
            throw LabError(
                .unavailable, "there is no \(program) in PATH", remedy: "install qemu-system-x86")
        }
        let script = "\(directory)/commands"
        try Files.write((commands + ["quit"]).map { $0 + "\n" }.joined(), to: script, mode: 0o600)
        let machine = ["-machine", "none", "-nodefaults", "-display", "none", "-monitor", "stdio"]
        let words = ["-c", #"exec "$@" <commands"#, "sh", program] + machine + drives
        let output = try Tool.run("sh", words, in: directory, deadline: .now().advanced(by: patience))
        guard output.status == 0 else {
            throw LabError(
                .output, "QEMU ended with status \(output.status)", cause: "\(Shown.lastLine(output.text))")
        }
        return output.text
    }
}
