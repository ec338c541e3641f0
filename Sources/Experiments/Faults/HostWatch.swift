import Glibc
import LabCore

/// A check that the host is whole: still the boot that it was, and able to start a program and to write a file.
struct HostWatch {
    private let context: RunContext
    private let bootID: String?

    init(_ context: RunContext) {
        self.context = context
        bootID = Self.currentBootID
    }

    /// See proc(5), /proc/sys/kernel/random/boot_id.
    private static var currentBootID: String? { Files.line("/proc/sys/kernel/random/boot_id") }

    /// Returns what is wrong with it, nil when it answers. To be asked while the fault lasts.
    /// - Parameter directory: a directory of ours that is there.
    func failure(in directory: String, deadline: MonotonicInstant) -> LabError? {
        let file = "\(directory)/host-answers"
        defer { unlink(file) }
        do throws(LabError) {
            let guest = context.rootFilesystem.hostGuestPath
            let output = try Tool.run(
                guest, ["--channel=none", "exit", "0"], in: directory, deadline: deadline)
            guard output.status == 0 else {
                return LabError(.instance, "a program that was started ended with \(output.status)")
            }
            try Files.write([UInt8](repeating: 0x61, count: 1 << 16), to: file)
        } catch {
            return error
        }
        guard let bootID, Self.currentBootID == bootID else {
            return LabError(.instance, "it has started anew")
        }
        return nil
    }
}
