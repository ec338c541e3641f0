import Glibc
import LabCore

/// A directory of one test, removed with everything in it when the last reference goes.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/lab-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? Files.removeTree(path) }
}
