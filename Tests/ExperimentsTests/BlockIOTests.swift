import Testing

@testable import Experiments
@testable import LabCore

/// Reading and writing on a disk, for real.
@Suite("block devices") struct BlockIOTests {
    /// One trial; all of it has to add up.
    private func check(
        _ engine: EngineID, _ setting: String, variant: String? = nil
    ) throws -> Finding {
        var point: Condition = [.setting: setting]
        point.variant = try variant.map { try VMVariant($0) }
        let found = try ExperimentRun.perform(BlockIO(), on: engine, at: point)
        for name in Workload.blockOperations {
            let each = try #require(found.values["\(name)-ns"], "\(name)")
            let rate = try #require(found.values["\(name)-rate-count"])
            #expect(each > 0 && abs(each * rate / 1e9 - 1) < 1e-9)
            #expect((found.values["\(name)-rate-bytes"] != nil) == name.hasPrefix("sequential-"))
        }
        let (inside, disk) = (
            try #require(found.values["random-read-ns"]), try #require(found.values["disk-read-ns"])
        )
        #expect(found.isSo("above-disk") == (inside * 2 < disk))
        let (fsync, own) = (
            try #require(found.values["fsync-ns"]), try #require(found.values["disk-fsync-ns"])
        )
        #expect(found.isSo("fsync-above-disk") == (fsync * 2 < own))
        #expect(found.facts["storage"] != nil)
        return found
    }

    @Test(
        "A bare process reads and writes on the disk, past the page cache and through it; nothing is left",
        arguments: ["direct", "cached"])
    func bare(setting: String) throws { _ = try check(.process, setting) }

    @Test(
        "A container's writable layer is on the disk",
        .enabled(if: ExperimentRun.hasContainers, "containers with cgroups need root"),
        arguments: ["direct", "cached"])
    func container(setting: String) throws { _ = try check(.container, setting) }

    @Test(
        "Peers write to a volume, or to a store on the same disk; who has neither refuses",
        .enabled(if: ExperimentRun.isRoot, "runtimes need root"), arguments: ["crun", "runc", "podman"])
    func peers(engine: String) throws { _ = try check(EngineID(rawValue: engine), "direct") }

    @Test(
        "A VM reads and writes on a disk of its own, with the cache that was asked for",
        .enabled(if: ExperimentRun.hasVMs, "no guest boots on this machine"),
        arguments: ["disk-cache=none", "disk-cache=writeback,machine=q35"])
    func machine(variant: String) throws { _ = try check(.qemuDirect, "direct", variant: variant) }

    @Test("What can't be asked for is refused by name")
    func refused() throws {
        for (point, words) in [
            ([.setting: "dirct"], "dirct"),
            ([.setting: "direct", .variant: "disk-cache=none"], "no variant"),
        ] as [(Condition, String)] {
            let error = try ExperimentRun.failure(of: BlockIO(), on: .process, at: point)
            #expect(error.kind == .usage && error.message.english.contains(words), "\(error)")
        }
    }

    @Test(
        "A VM's disk needs its cache said, and a cache its disk",
        .enabled(if: ExperimentRun.hasVMs, "no guest boots on this machine"))
    func cacheIsSaid() throws {
        let error = try ExperimentRun.failure(of: BlockIO(), on: .qemuDirect, at: [.setting: "direct"])
        #expect(error.kind == .usage && error.remedy?.english.contains("disk-cache=none") == true)
        let other = try ExperimentRun.failure(
            of: Execution(), on: .qemuDirect, at: [.setting: "boot", .variant: "disk-cache=none"])
        #expect(other.kind == .usage && other.message.english.contains("disk-cache"))
    }

    @Test("A place in memory is no disk, and one without room none to write to")
    func noDisk() throws {
        guard Files.isDirectory("/dev/shm") else { try Test.cancel("skipped: there is no /dev/shm") }
        let memory = #expect(throws: LabError.self) { _ = try HostDisk(holding: "/dev/shm", bytes: 1) }
        #expect(memory?.kind == .unavailable && memory?.cause?.english.contains("tmpfs") == true)
        let full = #expect(throws: LabError.self) { _ = try HostDisk(holding: "/usr", bytes: 1 << 60) }
        #expect(full?.kind == .unavailable && full?.message.english.contains("no room") == true)
    }

    @Test("The cache that may answer is named for every way to the disk")
    func caches() {
        #expect(BlockIO.cache("cached", .container, nil) == "the host's page cache")
        #expect(BlockIO.cache("direct", .process, nil) == nil)
        #expect(BlockIO.cache("direct", .virtualMachine, VMVariant.DiskCache.none) == nil)
        #expect(
            BlockIO.cache("cached", .virtualMachine, VMVariant.DiskCache.none) == "the guest's page cache")
        #expect(
            BlockIO.cache("direct", .virtualMachine, .writeback)
                == "the host's page cache, below the guest's O_DIRECT")
    }
}
