import Testing

@testable import Experiments
@testable import LabCore

/// The experiments on images, on real engines.
@Suite(.serialized) struct ImageSizeTests {
    private static let minimal: Condition = [.setting: "minimal"]

    @Test func aContainersImageHasNoKernelAndIsShared() throws {
        try ExperimentRun.with(.container) { run in
            let found = try run.perform(ImageSize(), at: Self.minimal)
            var root = DiskUsage()
            try root.add(run.context.rootFilesystem.directory)
            #expect(found.values["allocated-bytes"] == Double(root.allocatedBytes))
            #expect(found.values["has-kernel"] == 0 && found.values["kernel-bytes"] == 0)
            let ten = try #require(found.values["ten-instances-bytes"])
            // Each has a block and three directories of its own, and no copy of the program.
            #expect(ten >= Double(root.allocatedBytes + 10 * 4_096))
            #expect(ten < Double(root.allocatedBytes + 10 * 65_536))
        }
    }

    @Test func aVMsImageHasAKernel() throws {
        try ExperimentRun.with(.qemu) { run in
            let found = try run.perform(ImageSize(), at: Self.minimal)
            #expect(found.values["has-kernel"] == 1)
            let kernel = try #require(found.values["kernel-bytes"])
            let image = try #require(run.engine as? any ImageBased).image()
            let file = try #require(image.kernel)
            let size = try Archive.bytes(of: file)
            let root = try Archive.bytes(of: image.root)
            #expect(kernel == Double(size))
            #expect(found.values["apparent-bytes"] == Double(size + root))
            #expect(found.facts["has-kernel"]?.answer.english.hasPrefix("vmlinuz-") == true)
        }
    }

    @Test(arguments: [EngineID.container, .qemu])
    func aChangeOfOneFileIsShippedAsItsFormatCan(_ id: EngineID) throws {
        let found = try ExperimentRun.perform(OneFileChange(), on: id, at: Self.minimal)
        let shipped = try #require(found.values["shipped-bytes"])
        let delta = try #require(found.values["delta-bytes"])
        let whole = try #require(found.values["whole-bytes"])
        // 32 bytes at the end of a program: a block or two differ, the format sends the file.
        #expect(delta > 32 && delta < 16_384)
        // The whole of a minimal root is hardly more than its one program, and gzip's blocks begin elsewhere in it.
        #expect(shipped > 100_000 && shipped <= whole * 1.001)
        if id == .qemu { #expect(whole > shipped + 1_000_000, "the kernel is a part of the whole") }
    }

    @Test(arguments: ["image-size", "one-file-change"])
    func anUnknownSettingIsAnError(_ name: String) throws {
        let experiment: any Experiment = name == "image-size" ? ImageSize() : OneFileChange()
        let error = try ExperimentRun.failure(of: experiment, on: .container, at: [.setting: "huge"])
        #expect(error.kind == .usage)
    }
}
