import Testing

@testable import Artifacts
@testable import LabCore

@Suite struct SystemRecipeTests {
    private static let debian = "NAME=\"Debian GNU/Linux\"\nVERSION_CODENAME=bookworm\nID=debian\n"

    @Test(
        "A recipe's digest is that of its release, its packages, its unit and the guest, and of nothing else")
    func digest() throws {
        let recipe = try SystemRecipe(release: Self.debian, guestDigest: "aa")
        #expect(
            try SystemRecipe(release: Self.debian + "PRETTY_NAME=x\n", guestDigest: "aa").digest
                == recipe.digest)
        #expect(try SystemRecipe(release: Self.debian, guestDigest: "bb").digest != recipe.digest)
        let trixie = Self.debian.replacing("bookworm", with: "trixie")
        #expect(try SystemRecipe(release: trixie, guestDigest: "aa").digest != recipe.digest)
        for word in SystemRecipe.packages + [SystemRecipe.unit] { #expect(recipe.text.contains(word)) }
    }

    @Test(
        "Another distribution, and a release that is no plain word, are refused",
        arguments: [
            "", "ID=fedora\nVERSION_CODENAME=x\n", "ID=debian\n", "ID=debian\nVERSION_CODENAME=\n",
            "ID=debian\nVERSION_CODENAME=--help\n", "ID=debian\nVERSION_CODENAME=a b\n",
            "ID=debian\nVERSION_CODENAME=../x\n",
            "ID=debian\nVERSION_CODENAME=\(String(repeating: "a", count: 40))\n",
        ])
    func strangers(release: String) {
        #expect(throws: LabError.self) { try SystemRecipe(release: release, guestDigest: "aa") }
    }

    @Test("The service starts when the system is up, runs lab-guest, and ends the system with itself")
    func unit() {
        let lines = SystemRecipe.unit.split(separator: "\n").map(String.init)
        for line in ["After=multi-user.target", "SuccessAction=exit-force", "FailureAction=exit-force"] {
            #expect(lines.contains(line))
        }
        #expect(lines.contains { $0.hasPrefix("ExecStart=\(RootFilesystem.guestPath) --service ") })
    }

    @Test(
        "A system is told a nonce and nothing that a kernel's command line or systemd could take for something else"
    )
    func words() throws {
        #expect(
            try SystemRecipe.words(channel: "port:0xe9", .hello(nonce: "0123abcd"))
                == ["systemd.setenv=LAB_CHANNEL=port:0xe9", "systemd.setenv=LAB_NONCE=0123abcd"])
        for nonce in ["", "a b", "a\"b", "%i", "$x", "a\nb", "é"] {
            #expect(throws: LabError.self) { try SystemRecipe.words(channel: "fd:1", .hello(nonce: nonce)) }
        }
        #expect(throws: LabError.self) { try SystemRecipe.words(channel: "fd:1", .idle) }
    }

    @Test(
        "A tree counts only whole: without its disk, its init, its digest, or with another guest or unit it is made anew"
    )
    func damagedTrees() throws {
        try withTemporaryDirectory { directory in
            let recipe = try SystemRecipe(release: Self.debian, guestDigest: Digest.sha256("guest".utf8))
            let units = "\(directory)/root/etc/systemd/system"
            let parts = [
                ("\(directory)/root/lab-guest", "guest"), ("\(directory)/root/lib/systemd/systemd", ""),
                ("\(units)/\(SystemRecipe.unitName)", SystemRecipe.unit), ("\(directory)/disk", ""),
                ("\(directory)/digest", String(repeating: "0", count: 64) + "\n"),
            ]
            for path in ["\(directory)/root/lib/systemd", units] { try Files.makeDirectory(path) }
            for (path, text) in parts { try Files.write(text, to: path) }
            #expect(SystemTree.found(at: directory, recipe)?.disk == "\(directory)/disk")
            for (path, text) in parts {
                try Files.removeTree(path)
                #expect(SystemTree.found(at: directory, recipe) == nil)
                try Files.write(text, to: path)
            }
            for path in [parts[0].0, parts[2].0, parts[4].0] {
                let text = try Files.readText(path)
                try Files.write("other", to: path)
                #expect(SystemTree.found(at: directory, recipe) == nil)
                try Files.write(text, to: path)
            }
            #expect(SystemTree.found(at: directory, recipe) != nil)
        }
    }

    @Test("Without leave to use the network nothing is made, and the reason says how to give it")
    func noLeave() throws {
        try withTemporaryDirectory { directory in
            let paths = LabPaths(cache: directory, state: directory)
            let guest = RootFilesystem(directory: directory, digest: "", guestDigest: "aa")
            let error = #expect(throws: LabError.self) {
                try SystemTree.of(guest, paths: paths, mayMake: false)
            }
            #expect(error?.kind == .unavailable)
            #expect(Files.list(directory).isEmpty)
        }
    }
}
