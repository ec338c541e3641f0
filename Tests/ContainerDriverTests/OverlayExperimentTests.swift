import Testing

@testable import ContainerDriver
@testable import LabCore

@Suite("overlay experiments", .enabled(if: isRoot && obstacle == nil, "skipped: needs root"), .serialized)
struct OverlayExperimentTests {
    @Test(arguments: [0, 4, 1_024])
    func theFirstWriteCopiesTheWholeFile(kibibytes: Int) throws {
        let finding = try perform("copy-up", at: [.setting: "\(kibibytes)"])
        #expect(truths(finding, "lower-untouched"), "\(finding)")
        let copied = try #require(finding.values["upper-bytes"])
        #expect(copied >= Double(kibibytes << 10) && copied <= Double(kibibytes << 10) + 65_536)
        #expect((finding.values["first-write-nanoseconds"] ?? 0) > 0)
    }

    @Test("a large file costs its first writer more than its second")
    func theFirstWriterPaysForALargeFile() throws {
        let finding = try perform("copy-up", at: [.setting: "16384"])
        let first = try #require(finding.values["first-write-nanoseconds"])
        let second = try #require(finding.values["second-write-nanoseconds"])
        #expect(first > second * 10, "\(finding)")
    }

    @Test("metadata alone is copied where the kernel is told")
    func metadataAloneIsCopied() throws {
        let whole = try perform("metadata-copy-up", at: [.setting: "metacopy=off"])
        #expect(truths(whole, "lower-untouched") && (whole.values["upper-bytes"] ?? 0) >= 16 * 1_048_576)
        let part = try perform("metadata-copy-up", at: [.setting: "metacopy=on"])
        #expect(truths(part, "lower-untouched") && (part.values["upper-bytes"] ?? 1e9) < 65_536, "\(part)")
    }

    @Test(arguments: ["file", "directory"])
    func whatIsDeletedIsHiddenAndStaysBelow(setting: String) throws {
        let finding = try perform("whiteout", at: [.setting: setting])
        #expect(truths(finding, "hidden", "marked", "lower-untouched"), "\(finding)")
    }

    @Test func aDirectoryIsRenamedOnlyByARedirect() throws {
        let off = try perform("directory-rename", at: [.setting: "redirect_dir=off"])
        #expect(off.values["renamed"] == 0 && off.facts["renamed"]?.answer.english == "EXDEV", "\(off)")
        let on = try perform("directory-rename", at: [.setting: "redirect_dir=on"])
        #expect(truths(on, "renamed", "lower-untouched"), "\(on)")
    }

    @Test func layersAreSharedOnDiskAndInMemory() throws {
        let one = try perform("layer-sharing", at: [.instances: "1"])
        let eight = try perform("layer-sharing", at: [.instances: "8"])
        for finding in [one, eight] {
            #expect(truths(finding, "own-layer", "lower-untouched"), "\(finding)")
            let copies = try #require(finding.values["memory-copies-ratio"])
            #expect(copies > 0.9 && copies < 1.1, "\(finding)")
        }
        #expect((one.values["saved-ratio"] ?? 0) <= 1)
        #expect((eight.values["saved-ratio"] ?? 0) > 6, "\(eight)")
    }

    @Test func moreLayersTakeLongerToLookThrough() throws {
        let one = try perform("lookup-depth", at: [.setting: "1"])
        let many = try perform("lookup-depth", at: [.setting: "64"])
        let (fast, slow) = (one.values["lookup-nanoseconds"] ?? 0, many.values["lookup-nanoseconds"] ?? 0)
        #expect(fast > 0 && slow > fast * 2, "\(one) \(many)")
    }

    @Test(arguments: ["copy-up", "metadata-copy-up", "whiteout", "directory-rename", "lookup-depth"])
    func anUnknownSettingIsAUsageError(id: String) {
        for point in [[:], [.setting: "perhaps"]] as [Condition] {
            let error = #expect(throws: LabError.self) { try perform(id, at: point) }
            #expect(error?.kind == .usage)
        }
    }

    @Test func theSizeOfAMappingIsReadFromItsOwnLines() {
        let table = """
            7f00-8f00 r--s 00000000 00:2f 1 /a
            Size: 8 kB
            Pss: 4 kB
            9f00-af00 r--s 00000000 00:2f 1 /b
            Pss: 2 kB
            """
        #expect(LayerSharing.proportionalBytes(at: 0x9f00, in: table) == 2_048)
        #expect(LayerSharing.proportionalBytes(at: 0x7f00, in: table) == 4_096)
        #expect(LayerSharing.proportionalBytes(at: 0x1000, in: table) == nil)
    }
}
