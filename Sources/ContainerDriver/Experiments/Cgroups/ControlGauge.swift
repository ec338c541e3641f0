import Glibc
import LabCore

/// A control file that is watched closely: opened once, read into memory that is there already.
final class ControlGauge {
    private let file: FileDescriptor
    private let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: ControlGauge.capacity)

    private static let capacity = 512

    /// - Throws: `.unavailable` when this kernel has no such file.
    init(_ path: String) throws(LabError) {
        do throws(Errno) {
            file = try FileDescriptor.open(path, O_RDONLY)
        } catch {
            throw LabError(.unavailable, "cannot read \(path)", cause: "\(error.name), \(error)")
        }
    }

    deinit { buffer.deallocate() }

    /// Reads until the file says `text`, without a pause, and returns when that was; nil when it hasn't by then.
    func wait(for text: StaticString, deadline: MonotonicInstant) -> MonotonicInstant? {
        while true {
            let length = pread(file.rawValue, buffer, Self.capacity - 1, 0)
            let now = MonotonicInstant.now()
            buffer[max(0, length)] = 0
            let found = text.withUTF8Buffer { wanted in
                wanted.withMemoryRebound(to: CChar.self) { word in
                    word.baseAddress.map { strstr(buffer, $0) != nil } ?? false
                }
            }
            if found { return now }
            if now > deadline { return nil }
        }
    }
}

/// A control file that is written to at a moment that counts: opened beforehand.
struct ControlSwitch: ~Copyable {
    private let file: FileDescriptor
    private let path: String

    /// - Throws: `.unavailable` when this kernel has no such file, `.permission` when it is not ours to write.
    init(_ path: String) throws(LabError) {
        self.path = path
        do throws(Errno) {
            file = try FileDescriptor.open(path, O_WRONLY)
        } catch {
            throw LabError(
                error == Errno(EACCES) ? .permission : .unavailable, "cannot write to \(path)",
                cause: "\(error.name), \(error)")
        }
    }

    /// Writes `text` with one call and returns when that was begun.
    func turn(_ text: StaticString) throws(LabError) -> MonotonicInstant {
        let began = MonotonicInstant.now()
        do throws(Errno) {
            try checked { write(file.rawValue, text.utf8Start, text.utf8CodeUnitCount) }
        } catch {
            throw LabError(.unavailable, "cannot write \(text) to \(path)", cause: "\(error.name), \(error)")
        }
        return began
    }
}
