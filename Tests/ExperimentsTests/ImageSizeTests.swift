import Glibc
import Testing

@testable import Experiments
@testable import LabCore

/// The experiments on images, on real engines.
@Suite(.serialized) struct ImageSizeTests {
    private func minimal(_ name: String) -> Point { [.experiment: name, .setting: "minimal"] }

    @Test func aContainersImageHasNoKernelAndIsShared() throws {
        let trials = try Trials()
        let engine = try trials.engine(.container)
        let found = try trials.perform(ImageSize(), on: engine, minimal("image-size"))
        var root = DiskUsage()
        try root.add(trials.context.rootFilesystem.directory)
        #expect(found.values["allocated-bytes"] == Double(root.allocatedBytes))
        #expect(found.values["has-kernel"] == 0 && found.values["kernel-bytes"] == 0)
        let ten = try #require(found.values["ten-instances-bytes"])
        // Each has a block and three directories of its own, and no copy of the program.
        #expect(ten >= Double(root.allocatedBytes + 10 * 4_096))
        #expect(ten < Double(root.allocatedBytes + 10 * 65_536))
        #expect(trials.end() == [])
    }

    @Test func aVMsImageHasAKernel() throws {
        let trials = try Trials(mayFetch: true)
        let engine = try trials.engine(.qemu)
        let found = try trials.perform(ImageSize(), on: engine, minimal("image-size"))
        #expect(found.values["has-kernel"] == 1)
        let kernel = try #require(found.values["kernel-bytes"])
        let image = try #require(engine as? any ImageBased).image()
        let file = try #require(image.kernel)
        let size = try Archive.bytes(of: file)
        let root = try Archive.bytes(of: image.root)
        #expect(kernel == Double(size))
        #expect(found.values["apparent-bytes"] == Double(size + root))
        #expect(found.facts["has-kernel"]?.answer.hasPrefix("vmlinuz-") == true)
        #expect(trials.end() == [])
    }

    @Test(arguments: [EngineID.container, .qemu])
    func aChangeOfOneFileIsShippedAsItsFormatCan(_ id: EngineID) throws {
        let trials = try Trials(mayFetch: true)
        let engine = try trials.engine(id)
        let found = try trials.perform(OneFileChange(), on: engine, minimal("one-file-change"))
        let shipped = try #require(found.values["shipped-bytes"])
        let delta = try #require(found.values["delta-bytes"])
        let whole = try #require(found.values["whole-bytes"])
        // 32 bytes at the end of a program: a block or two differ, the format sends the file.
        #expect(delta > 32 && delta < 16_384)
        #expect(shipped > 100_000 && shipped <= whole)
        if id == .qemu { #expect(whole > shipped + 1_000_000, "the kernel is a part of the whole") }
        #expect(trials.end() == [])
    }

    @Test(arguments: ["image-size", "one-file-change"])
    func anUnknownSettingIsAnError(_ name: String) throws {
        let trials = try Trials()
        let engine = try trials.engine(.container)
        let experiment: any Experiment = name == "image-size" ? ImageSize() : OneFileChange()
        let error = #expect(throws: LabError.self) {
            try trials.perform(experiment, on: engine, [.setting: "huge"])
        }
        #expect(error?.kind == .usage)
        #expect(trials.end() == [])
    }
}
