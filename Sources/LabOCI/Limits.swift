import CLinux
import Glibc
import LabCore
import Launch
import OCI

/// The resource limits of a process, set when it needs no more files.
enum Limits {
    static func check(_ limits: [RuntimeSpec.Rlimit]?) throws {
        var seen: [String] = []
        for limit in limits ?? [] {
            guard Launch.Rlimit(limit.type, soft: 0, hard: 0) != nil else {
                throw Failure("rlimit type \(ForeignText.line(limit.type, most: 100)) is not supported")
            }
            guard !seen.contains(limit.type) else { throw Failure("rlimit \(limit.type) is there twice") }
            seen.append(limit.type)
        }
    }

    /// Raises the hard limits of a process that may not do it itself, in a user namespace; who may not either leaves it to the
    /// process to say so.
    static func raise(_ limits: [RuntimeSpec.Rlimit]?, of process: pid_t) {
        for limit in limits ?? [] {
            guard let known = Launch.Rlimit(limit.type, soft: limit.soft, hard: limit.hard) else { continue }
            var now: [UInt64] = [0, 0]
            let isKnown = now.withUnsafeMutableBytes {
                clinux_syscall(
                    Int(SYS_prlimit64), Int(process), Int(known.resource), 0, Int(bitPattern: $0.baseAddress),
                    0)
            }
            guard isKnown == 0, now[1] < known.hard else { continue }
            _ = [now[0], known.hard].withUnsafeBytes {
                clinux_syscall(
                    Int(SYS_prlimit64), Int(process), Int(known.resource), Int(bitPattern: $0.baseAddress), 0,
                    0)
            }
        }
    }

    /// Sets those of this process.
    static func set(_ limits: [RuntimeSpec.Rlimit]?) throws {
        for limit in limits ?? [] {
            guard let known = Launch.Rlimit(limit.type, soft: limit.soft, hard: limit.hard) else { continue }
            do {
                try [known.soft, known.hard].withUnsafeBytes { bytes in
                    _ = try Kernel.call(
                        SYS_prlimit64, 0, Int(known.resource), Int(bitPattern: bytes.baseAddress), 0)
                }
            } catch { throw Failure("error setting rlimits: \(limit.type): \(error.words)") }
        }
    }
}
