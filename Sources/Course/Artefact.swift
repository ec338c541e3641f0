import Artifacts
import CLinux
import Glibc
import LabCore

/// What a student made for an exercise, as bytes: nothing of it is looked up by name any more.
package struct Artefact: Equatable, Sendable {
    /// The name of the file that is run.
    package let program: String
    package var files: [String: [UInt8]]

    /// The most that the files of an exercise may have together, in bytes.
    package static let mostBytes = 1 << 20

    package init(program: String, files: [String: [UInt8]]) { (self.program, self.files) = (program, files) }

    /// SHA-256 over the sorted list of `name digest` lines.
    package var digest: String {
        let lines = files.map { "\($0.key) \(Digest.sha256($0.value))\n" }.sorted()
        return Digest.sha256(Array(lines.joined().utf8))
    }

    /// The files of these names in a directory: regular ones of the directory's own, through no link. Nothing else in it is
    /// looked at.
    /// - Throws: `.input` when the first is missing, `.data` for what is no file or too large.
    package static func read(_ directory: String, files names: [String]) throws(LabError) -> Artefact {
        guard let program = names.first else { throw LabError(.software, "an artefact without a name") }
        var files: [String: [UInt8]] = [:]
        var total = 0
        for name in names {
            guard let bytes = try read(name, in: directory, most: mostBytes) else {
                guard name == program else { continue }
                throw LabError(
                    .input, "there is no \(directory)/\(name)",
                    remedy: "write it; the task says what it has to do")
            }
            total += bytes.count
            files[name] = bytes
        }
        guard total <= mostBytes else {
            throw LabError(.data, "the files in \(directory) are larger than \(mostBytes) bytes together")
        }
        return Artefact(program: program, files: files)
    }

    /// One file of a directory; nil when there is none.
    static func read(_ name: String, in directory: String, most: Int) throws(LabError) -> [UInt8]? {
        let path = "\(directory)/\(name)"
        do {
            let place = try FileDescriptor.open(directory, clinux_path_only)
            let file = FileDescriptor(
                owning: try checked {
                    clinux_open_beneath(place.rawValue, name, O_RDONLY | O_NONBLOCK | O_NOCTTY)
                })
            var status = stat()
            try checked { fstat(file.rawValue, &status) }
            guard status.st_mode & S_IFMT == S_IFREG else { throw Errno(EINVAL) }
            var bytes: [UInt8] = []
            while true {
                let chunk = try file.read(upTo: 1 << 16)
                if chunk.isEmpty { return bytes }
                bytes += chunk
                guard bytes.count <= most else {
                    throw LabError(.data, "\(path) is larger than \(most) bytes")
                }
            }
        } catch let error as LabError {
            throw error
        } catch let error as Errno where error == Errno(ENOENT) {
            return nil
        } catch let error as Errno where error == Errno(ELOOP) || error == Errno(EXDEV) {
            throw LabError(
                .data, "\(path) is not taken", cause: "it is a link, or leads out of its directory",
                remedy: "put the file itself there")
        } catch let error as Errno {
            throw Files.unreadable(path, error)
        } catch {
            throw LabError(.input, "cannot read \(path)", cause: "\(error)")
        }
    }
}
