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
        for name in ["link", "link/", "link//"] {
            #expect(refusal("\(place.path)/\(name)") == "it is a link of the user 65534")
        }
        #expect(chmod(path, 0o777) == 0 && refusal(path) == "every user may write to it")
        #expect(chmod(path, 0o755) == 0 && refusal(path) == nil)
        #expect(chown(path, 65_534, 65_534) == 0 && refusal(path) == "it belongs to the user 65534")
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
