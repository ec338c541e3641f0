import Glibc
import Testing

@testable import LabCore

/// Whom a directory, and the way to it, belongs to.
struct OwnDirectoryTests {
    private static let nobody: uid_t = 65_534
    static let isRoot = geteuid() == 0

    private func error(_ path: String) -> LabError? {
        do throws(LabError) {
            _ = try OwnDirectory.open(path)
            return nil
        } catch { return error }
    }

    @Test("A directory of ours below a sticky one is taken, one that is not there is none")
    func ourOwnIsTaken() throws {
        try withTemporaryDirectory { path in
            #expect(error(path) == nil)
            #expect(try OwnDirectory.open("\(path)/not/there") == nil)
            #expect(!Files.exists("\(path)/not"))
            let made = try OwnDirectory.make("\(path)/a/b", mode: 0o700)
            #expect(try made.names().isEmpty)
            var status = stat()
            #expect(stat("\(path)/a/b", &status) == 0 && status.st_mode & 0o777 == 0o700)
            #expect(stat("\(path)/a", &status) == 0 && status.st_mode & 0o022 == 0)
        }
    }

    @Test("What others may write to is refused, at the end and on the way, and taken when only they may not")
    func whatOthersMayWriteToIsRefused() throws {
        try withTemporaryDirectory { path in
            try Files.makeDirectory("\(path)/way/end")
            for place in ["\(path)/way", "\(path)/way/end"] {
                for mode: mode_t in Self.isRoot ? [0o777, 0o770, 0o757, 0o775] : [0o777, 0o757] {
                    chmod(place, mode)
                    let refused = error("\(path)/way/end")
                    #expect(refused?.kind == .permission, "\(place) \(String(mode, radix: 8))")
                    #expect(refused?.remedy?.english == "chmod go-w \(place)")
                }
                // Sticky is enough on the way, where names are kept, and not at the end, where files are believed.
                chmod(place, 0o1777)
                #expect((error("\(path)/way/end") == nil) == place.hasSuffix("way"))
                chmod(place, 0o755)
                // The control: the same place, closed.
                #expect(error("\(path)/way/end") == nil)
            }
        }
    }

    @Test(
        "Another user's directory is refused, at the end, on the way and through a link",
        .enabled(if: isRoot, "skipped: only root can give directories away"))
    func anotherUsersIsRefused() throws {
        try withTemporaryDirectory { path in
            try Files.makeDirectory("\(path)/theirs/end")
            try Files.makeDirectory("\(path)/ours")
            #expect(symlink("\(path)/theirs/end", "\(path)/ours/link") == 0)
            #expect(error("\(path)/ours/link") == nil)
            chown("\(path)/theirs", Self.nobody, Self.nobody)
            for way in [
                "\(path)/theirs/end", "\(path)/ours/link", "\(path)/ours/link/../end", "\(path)/theirs",
            ] {
                let refused = error(way)
                #expect(refused?.kind == .permission, "\(way)")
                #expect(refused?.cause?.english.contains("uid 65534") == true)
                #expect(refused?.remedy?.english.contains("LAB_HOME") == true)
            }
            chown("\(path)/theirs", 0, 0)
            #expect(error("\(path)/ours/link/../end") == nil)
            // A link of somebody else's in a place where all may put one.
            chmod(path, 0o1777)
            #expect(symlink("\(path)/ours", "\(path)/trap") == 0)
            #expect(error("\(path)/trap") == nil)
            lchown("\(path)/trap", Self.nobody, Self.nobody)
            #expect(error("\(path)/trap") != nil)
        }
    }

    @Test("A group may write where it is the user's own and the user is not root")
    func aPrivateGroupIsTheUser() {
        func isTaken(_ user: uid_t, owner: uid_t, group: gid_t, _ mode: mode_t, isLast: Bool = true) -> Bool {
            var status = stat()
            (status.st_uid, status.st_gid, status.st_mode) = (owner, group, S_IFDIR | mode)
            do throws(LabError) {
                try OwnDirectory.check(
                    status, "/d", for: "/d", .init(users: [user], remedy: ""), isLast: isLast)
                return true
            } catch { return false }
        }
        #expect(isTaken(1_000, owner: 1_000, group: 1_000, 0o775))
        #expect(!isTaken(1_000, owner: 1_000, group: 1_000, 0o777))
        #expect(!isTaken(1_000, owner: 1_000, group: 100, 0o775))
        #expect(!isTaken(1_000, owner: 0, group: 1_000, 0o775, isLast: false))
        #expect(!isTaken(0, owner: 0, group: 0, 0o775))
        #expect(
            !isTaken(1_000, owner: 0, group: 0, 0o755)
                && isTaken(1_000, owner: 0, group: 0, 0o755, isLast: false))
    }

    @Test("Odd paths are errors: relative, with NUL, looping, too long, a file, dots at the end")
    func oddPathsAreErrors() throws {
        try withTemporaryDirectory { path in
            #expect(symlink("loop", "\(path)/loop") == 0)
            try Files.write("x", to: "\(path)/file")
            let long = "\(path)/" + String(repeating: "a", count: 5_000)
            for odd in ["", "relative", "/tmp/\0/x", "\(path)/loop", "\(path)/file", "\(path)/file/x", long] {
                #expect(error(odd) != nil, "\(odd.debugDescription)")
            }
            chmod(path, 0o777)
            #expect(error("\(path)/.")?.kind == .permission)
            #expect(error("\(path)/file/..") != nil)
        }
    }

    @Test("Paths of lab's hold no control character, are UTF-8 and no longer than paths are")
    func hostilePathsAreUsageErrors() throws {
        let long = "/" + String(repeating: "a/", count: 4_000)
        for name in ["LAB_HOME", "HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
            for value in ["/a\nb", "/a\tb", "/\u{1b}[2J", "/a\u{7f}", "/\u{fffd}", "/\u{85}", long] {
                var environment = ["HOME": "/root"]
                environment[name] = value
                let error = #expect(throws: LabError.self) { try LabPaths.current(environment: environment) }
                #expect(error?.kind == .usage && error?.message.english.hasPrefix(name) == true)
                #expect(error?.message.english.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } == true)
            }
        }
        // The control: the same without them.
        #expect(try LabPaths.current(environment: ["LAB_HOME": "//a //é/"]).state == "/a /é/state")
    }

    @Test("What lies in the cache is run and booted, so it is held to the same as the journals")
    func whatIsInTheCacheMustBeOurs() throws {
        try withTemporaryDirectory { path in
            for name in ["cache/kernels", "state/runs"] { try Files.makeDirectory("\(path)/\(name)") }
            let environment = ["LAB_HOME": path]
            #expect(try LabPaths.own(environment: environment).cache == "\(path)/cache")
            for place in ["", "/cache", "/state", "/cache/kernels", "/state/runs"] {
                chmod(path + place, 0o777)
                let error = #expect(throws: LabError.self) { try LabPaths.own(environment: environment) }
                #expect(error?.kind == .permission, "\(place)")
                chmod(path + place, 0o755)
            }
            #expect(throws: Never.self) { try LabPaths.own(environment: environment) }
        }
    }
}
