import Glibc
import LabCore

// The secret of a course: a file of the instructor's with 64 hexadecimal digits.
extension ParameterKey {
    /// The secret in a file that nobody but this user can have written or read.
    /// - Throws: `.input` where there is none, `.permission` where others have access, `.data` for what is no secret.
    package static func secret(in path: String) throws(LabError) -> ParameterKey {
        let text: String
        do throws(Errno) {
            let file = try FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW)
            var status = stat()
            try checked { fstat(file.rawValue, &status) }
            guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(), status.st_mode & 0o077 == 0
            else { throw Errno(EPERM) }
            text = String(decoding: try file.read(upTo: 256), as: UTF8.self)
        } catch {
            switch error {
            case Errno(EPERM), Errno(ELOOP):
                throw LabError(
                    .permission, "the secret \(path) is not read",
                    cause: "it is a link or no file, another user's, or others may read it",
                    remedy: "chmod 600 \(ShellText.quote(path))")
            case Errno(ENOENT):
                throw LabError(
                    .input, "there is no secret \(path)",
                    remedy: "lab grade init makes a course with a secret")
            default: throw Files.unreadable(path, error)
            }
        }
        guard let key = ParameterKey(hexadecimal: text.trimmingWhitespace()) else {
            throw LabError(
                .data, "the secret \(path) is damaged", cause: "it must have 64 hexadecimal digits")
        }
        return key
    }

    /// Makes a new secret in a file that was not there.
    /// - Throws: `.output` when it can't be made, or is there already.
    package static func makeSecret(at path: String) throws(LabError) {
        do throws(Errno) {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
            try file.writeAll("\(random().hexadecimal)\n".utf8)
        } catch {
            throw LabError(.output, "cannot write \(path)", cause: error)
        }
    }
}
