import Glibc
import LabCore
import Testing

@testable import LabRunner

/// Where results may be written: whoever else has a say in a directory decides what is written, and where.
@Suite(.enabled(if: geteuid() == 0, "skipped: only root can make what belongs to another user"))
struct OutputDirectoryTests {
    private let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private func refusal(_ path: String) -> String? {
        do throws(LabError) {
            _ = try OutputDirectory.named(path)
            return nil
        } catch {
            #expect(error.kind == .output && error.remedy != nil)
            return error.cause?.english
        }
    }

    @Test("A directory or a link of another user, or one that all may write to, is refused")
    func othersHaveNoSay() throws {
        let path = "\(place.path)/out"
        try Files.makeDirectory(path)
        // Its own, and its own link to it, are as good as ever.
        #expect(refusal(path) == nil)
        #expect(symlink(path, "\(place.path)/link") == 0 && refusal("\(place.path)/link") == nil)
        #expect(lchown("\(place.path)/link", 65_534, 65_534) == 0)
        for name in ["link", "link/", "link//", "link/new/deep"] {
            #expect(
                refusal("\(place.path)/\(name)")?.hasSuffix("link belongs to another user (uid 65534)")
                    == true)
        }
        #expect(chmod(path, 0o777) == 0 && refusal(path)?.hasPrefix("others can write to ") == true)
        #expect(chmod(path, 0o775) == 0 && refusal(path)?.hasPrefix("others can write to ") == true)
        #expect(chmod(path, 0o755) == 0 && refusal(path) == nil)
        #expect(chown(path, 65_534, 65_534) == 0)
        // Below it too: who owns it can put a link in the place of what lies in it.
        for name in ["out", "out/new", "out/inner"] {
            try Files.makeDirectory("\(path)/inner")
            #expect(
                refusal("\(place.path)/\(name)")?.hasSuffix("out belongs to another user (uid 65534)") == true
            )
        }
        #expect(!Files.exists("\(path)/new"))
        #expect(throws: LabError.self) { try OutputDirectory.own("\(path)/inner") }
        #expect(symlink("/nonexistent", "\(place.path)/dangling") == 0)
        #expect(refusal("\(place.path)/dangling") != nil && !Files.exists("/nonexistent"))
    }

    @Test("A new one is made, and the default place is looked at too")
    func theDefaultPlaceIsLookedAt() throws {
        #expect(refusal("\(place.path)/new/deep") == nil && Files.isDirectory("\(place.path)/new/deep"))
        let parent = "\(place.path)/results"
        #expect(throws: Never.self) { try OutputDirectory.below(parent, time: .now(), lab: "a") }
        #expect(lchown(parent, 65_534, 65_534) == 0)
        #expect(throws: LabError.self) { try OutputDirectory.below(parent, time: .now(), lab: "a") }
    }
}
