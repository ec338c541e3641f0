import LabCore

/// Reading and writing a file on a disk of the host's, from inside: 4 KiB at random offsets, 1 MiB after the other, and
/// 4 KiB with fsync(2) after each. `setting` is `direct` (O_DIRECT) or `cached`.
///
/// Values, by the host's clock: `NAME-ns` of one operation and `NAME-rate-count` per second for each of
/// `Workload.blockOperations`, and `NAME-rate-bytes` per second where they are of 1 MiB; `disk-read-ns`
/// and `disk-fsync-ns`, a random read and a write with fsync by the host itself past its page cache, right before; and the
/// truths `above-disk` and `fsync-above-disk`: whether that took less than half as long inside, so that it was not the disk
/// which answered.
struct BlockIO: Experiment {
    let id = "block-io"

    private static let settings = ["direct", "cached"]
    /// The time that each operation is done again and again.
    private static let milliseconds = 300
    private static let fileBytes: UInt64 = 64 << 20
    private static let runBytes = 1 << 20

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let setting = bench.setting, Self.settings.contains(setting) else {
            throw LabError(
                .usage, "block-io knows no setting \((bench.setting ?? "").debugDescription)",
                remedy: "direct or cached")
        }
        guard let engine = engine as? any StorageGiving else {
            throw LabError(.unavailable, "\(engine.id) can give an instance no room on a disk")
        }
        return try bench.withDirectoryForAnybody(id) { (directory) throws(LabError) in
            let disk = try HostDisk(holding: directory, bytes: Self.fileBytes * 3)
            let pace = try disk.pace(&bench.generator)
            let storage = try engine.makeStorage(
                in: directory, bytes: Self.fileBytes, at: bench.condition)
            let seed = UInt32.random(in: 0 ... .max, using: &bench.generator)
            var request = bench.request(
                .blockIO(
                    place: storage.place, isDirect: setting == "direct", seed: seed,
                    milliseconds: Self.milliseconds))
            request.storage = storage
            var finding = try bench.with(request, on: engine) { (instance) throws(LabError) in
                try measure(instance, seed, deadline: request.deadline)
            }
            finding.facts["storage"] = Fact(answer: storage.title, evidence: "\(disk.title)")
            note(pace, Self.cache(setting, engine.kind, bench.condition.variant?.diskCache), &finding)
            return finding
        }
    }

    private func measure(
        _ instance: any Instance, _ seed: UInt32, deadline: MonotonicInstant
    ) throws(LabError) -> Finding {
        try instance.waitUntilReady(deadline: deadline)
        var took: [UInt64] = []
        for place in Workload.blockOperations.indices {
            try instance.wait(forOutputs: 2 * place + 1, deadline: deadline)
            let began = MonotonicInstant.now()
            try instance.wait(forOutputs: 2 * place + 2, deadline: deadline)
            took.append(MonotonicInstant.now().nanoseconds(since: began))
        }
        // The last word: everything was looked through, and nothing was found that was not written.
        try instance.wait(forOutputs: 2 * took.count + 1, deadline: deadline)
        let expected = Workload.blockOperations.flatMap { [$0, "done"] } + ["\(seed)"]
        let transcript = instance.transcript
        guard transcript.outputs == expected else {
            throw LabError(
                .instance, "the guest did not do its reads and writes",
                cause: "\(ForeignText.line(transcript.outputs.joined(separator: " "), most: 400))")
        }
        var finding = Finding()
        for (name, nanoseconds) in zip(Workload.blockOperations, took) {
            guard let count = transcript.metrics[name], count > 0 else {
                throw LabError(.instance, "the guest did not say how often it did \(name)")
            }
            let each = Double(nanoseconds) / Double(count)
            finding.values["\(name)-ns"] = each
            finding.values["\(name)-rate-count"] = 1e9 / each
            if name.hasPrefix("sequential-") {
                finding.values["\(name)-rate-bytes"] = 1e9 * Double(Self.runBytes) / each
            }
        }
        return finding
    }

    private func note(_ pace: HostDisk.Pace, _ cache: Message?, _ finding: inout Finding) {
        (finding.values["disk-read-ns"], finding.values["disk-fsync-ns"]) = (pace.read, pace.fsync)
        let (read, fsync) = (finding.values["random-read-ns"] ?? 0, finding.values["fsync-ns"] ?? 0)
        let (isReadAbove, isSyncAbove) = (read * 2 < pace.read, fsync * 2 < pace.fsync)
        finding.note(
            "above-disk", isReadAbove,
            answer: isReadAbove
                ? "no disk answers, but \(cache ?? "a cache below the host's kernel")"
                : cache.map { "\($0), no faster than the disk" } ?? "the disk answers",
            evidence:
                "a random read takes \(Int(read)) ns inside and \(Int(pace.read)) ns for the host past its page cache"
        )
        finding.note(
            "fsync-above-disk", isSyncAbove,
            answer: isSyncAbove ? "nothing reaches the disk" : "it reaches the disk",
            evidence:
                "a write with fsync takes \(Int(fsync)) ns inside and \(Int(pace.fsync)) ns for the host past its page cache"
        )
    }

    /// The cache of a kernel's from which a read is answered before the disk is asked; nil where each is passed by.
    static func cache(_ setting: String, _ kind: EngineKind, _ below: VMVariant.DiskCache?) -> Message? {
        switch (setting, kind, below) {
        case ("cached", .virtualMachine, .writeback?): "the guest's page cache, with the host's below it"
        case ("cached", .virtualMachine, _): "the guest's page cache"
        case (_, .virtualMachine, .writeback?): "the host's page cache, below the guest's O_DIRECT"
        case ("cached", _, _): "the host's page cache"
        default: nil
        }
    }
}
