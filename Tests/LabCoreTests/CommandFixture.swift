import Foundation
import Glibc

@testable import LabCore

/// A tree of files of a test's own, removed with everything in it when the last reference goes.
final class TreeFixture {
    let path: String

    init() throws {
        var template = Array("/tmp/lab-tree-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? Files.removeTree(path) }

    var tree: FileTree { FileTree(reference: "rootfs:\(path)", layers: [path], digest: nil) }

    /// Writes a file and the directories above it.
    func add(_ name: String, _ bytes: [UInt8] = [], mode: mode_t = 0o644) throws {
        let directory = name.split(separator: "/").dropLast().joined(separator: "/")
        if !directory.isEmpty { try Files.makeDirectory("\(path)/\(directory)") }
        try Files.write(bytes, to: "\(path)/\(name)", mode: mode)
    }

    func add(_ name: String, text: String, mode: mode_t = 0o644) throws {
        try add(name, Array(text.utf8), mode: mode)
    }

    func link(_ name: String, to target: String) throws {
        try checked { symlink(target, "\(path)/\(name)") }
    }

    /// The first bytes of an ELF executable for a machine, as far as `ProgramFile` looks at them.
    static func elf(machine: UInt8) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64)
        bytes.replaceSubrange(0..<6, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1])
        bytes[18] = machine
        return bytes
    }
}
