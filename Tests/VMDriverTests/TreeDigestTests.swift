import Artifacts
import Glibc
import LabCore
import TestTrees
import Testing

@testable import VMDriver

/// One digest of a tree: the host's, of its files, and a guest's, of what it sees through the mount, by one function: the
/// program `tree-digest` is started as a command in the VM, with the libraries that it needs.
extension BootTests {
    @Suite(
        .enabled(if: BusyboxTree.isThere, "skipped: there is no static busybox"),
        .enabled(if: geteuid() == 0, "skipped: not root"))
    struct TreeDigestTests {
        private static let libraries = "/digest"
        private static let formats = TreeDisk.Format.allCases.filter { Tool.find($0.tool.name) != nil }

        /// The program beside the tests, in the tree with its libraries.
        private func add(to tree: BusyboxTree) throws {
            let guest = try RootFilesystem.locateGuest(environment: [:])
            let program = "\(guest.dropLast("lab-guest".count))tree-digest"
            let place = "\(tree.path)\(Self.libraries)"
            try Files.makeDirectory(place)
            try Files.write(
                try Files.read(program, limit: 1 << 30), to: "\(place)/tree-digest", mode: 0o755)
            let listing = try Tool.run(
                "ldd", [program], in: "/", deadline: .now().advanced(by: .seconds(20)))
            // One that is static has none, which ldd says by its status.
            for line in listing.text.split(separator: "\n") where listing.status == 0 {
                let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
                guard let path = words.first(where: { $0.hasPrefix("/") }) else { continue }
                // The loader is looked for where the program says, and libraries where we do.
                let isLoader = words.first == path
                let name = path.split(separator: "/").last.map(String.init) ?? ""
                let target = isLoader ? tree.path + path : "\(place)/\(name)"
                let parent = target.split(separator: "/").dropLast().joined(separator: "/")
                try Files.makeDirectory("/\(parent)")
                try Files.write(try Files.read(path, limit: 1 << 30), to: target, mode: 0o755)
            }
        }

        @Test("The digest of what the guest sees is the host's", arguments: formats)
        func guestSeesTheTree(format: TreeDisk.Format) throws {
            let tree = try BusyboxTree()
            try add(to: tree)
            // One of each kind, with owners and modes of their own.
            let odd = "\(tree.path)/srv/odd"
            try Files.makeDirectory(odd)
            try Files.write("x", to: "\(odd)/file", mode: 0o644)
            chmod("\(odd)/file", 0o6751)
            lchown("\(odd)/file", 12_345, 70_000)
            chmod("\(odd)/file", 0o6751)
            try Files.write([UInt8](repeating: 7, count: 100_001), to: "\(odd)/larger")
            try checked { link("\(odd)/file", "\(odd)/again") }
            try checked { symlink("nowhere/\u{e9}", "\(odd)/link") }
            try checked { mkfifo("\(odd)/fifo", 0o620) }
            try checked { mknod("\(odd)/device", S_IFCHR | 0o640, 1 << 8 | 3) }
            try Files.makeDirectory("\(odd)/empty")
            try checked { truncate("\(odd)/larger", 400_000) }

            let named = try tree.tree()
            var command = try tree.shell(
                "mount -o bind / /srv && exec \(Self.libraries)/tree-digest /srv")
            command.environment.append("LD_LIBRARY_PATH=\(Self.libraries)")
            let configuration = VMConfiguration(usesLibvirt: false, diskFormats: [format])
            let ended = try Bench.shared.run(command, configuration)
            #expect(ended.status == 0, "\(ended.text) \(ended.errors)")
            #expect(ended.text == "\(named.digest ?? "")\n")
            #expect(named.digest?.utf8.count == 64)
        }
    }
}
