import Glibc
import Testing

@testable import LabCore

/// `--tune` on a tree of its own, made as the kernel's is.
@Suite(.enabled(if: geteuid() == 0, "skipped: settings are changed by root"))
struct TuningTests {
    /// A sysfs with two processors that share a policy, as the kernel shows it: `cpuN/cpufreq` is a link.
    private func withMachine(
        noTurbo: String? = "0", boost: String? = nil, _ body: (String, LabPaths) throws -> Void
    ) throws {
        try withTemporaryDirectory { home in
            let cpu = "\(home)/sys/devices/system/cpu"
            try Files.makeDirectory("\(cpu)/cpufreq/policy0")
            try Files.write("powersave\n", to: "\(cpu)/cpufreq/policy0/scaling_governor")
            try Files.makeDirectory("\(cpu)/cpu0")
            try Files.makeDirectory("\(cpu)/cpu1/cpufreq")
            #expect(symlink("../cpufreq/policy0", "\(cpu)/cpu0/cpufreq") == 0)
            try Files.write("schedutil\n", to: "\(cpu)/cpu1/cpufreq/scaling_governor")
            if let noTurbo {
                try Files.makeDirectory("\(cpu)/intel_pstate")
                try Files.write("\(noTurbo)\n", to: "\(cpu)/intel_pstate/no_turbo")
            }
            if let boost { try Files.write("\(boost)\n", to: "\(cpu)/cpufreq/boost") }
            try body("\(home)/sys", LabPaths(cache: "\(home)/cache", state: "\(home)/state"))
        }
    }

    private func values(_ root: String) -> [String?] {
        [
            "cpu0/cpufreq/scaling_governor", "cpu1/cpufreq/scaling_governor", "intel_pstate/no_turbo",
            "cpufreq/boost",
        ]
        .map { Files.line("\(root)/devices/system/cpu/\($0)") }
    }

    private func cleaner(_ root: String) -> Cleaner {
        Cleaner(removers: [
            .setting: { name, _ throws(LabError) in try MachineSetting.putBack(name, root: root) }
        ])
    }

    @Test("governor and turbo are set, journaled and put back")
    func governorAndTurboArePutBack() throws {
        try withMachine(boost: "1") { root, paths in
            let journal = try RunJournal(runID: "tuned", paths: paths)
            let outcome = try Tuning(journal: journal, root: root).apply()
            #expect(values(root) == ["performance", "performance", "1", "1"])
            #expect(outcome.refused.isEmpty)
            #expect(
                outcome.set == [
                    TunedSetting(file: "cpu0/cpufreq/scaling_governor", old: "powersave", new: "performance"),
                    TunedSetting(file: "cpu1/cpufreq/scaling_governor", old: "schedutil", new: "performance"),
                    TunedSetting(file: "intel_pstate/no_turbo", old: "0", new: "1"),
                ])
            let recorded = try journal.recorded()
            #expect(
                recorded.map(\.name) == [
                    "\(root)/devices/system/cpu/intel_pstate/no_turbo=0",
                    "\(root)/devices/system/cpu/cpu1/cpufreq/scaling_governor=schedutil",
                    "\(root)/devices/system/cpu/cpu0/cpufreq/scaling_governor=powersave",
                ])
            let run = try RunPlaces(journal.runID, paths)
            #expect(cleaner(root).remove(recorded, of: run).failures.isEmpty)
            #expect(values(root) == ["powersave", "schedutil", "0", "1"])
            journal.finish()
        }
    }

    /// Whatever was changed when a run died, the journal knows it, and putting back twice does no harm.
    @Test(arguments: 0...3)
    func aDeathHalfWayIsPutBackFromTheJournal(changes: Int) throws {
        try withMachine { root, paths in
            do {
                let journal = try RunJournal(runID: "dead", paths: paths)
                _ = try Tuning(journal: journal, root: root).apply()
                // The state of a run that died after so many changes: the last one journaled and not made.
                let recorded = try journal.recorded()
                for resource in recorded.prefix(3 - changes) {
                    try MachineSetting.putBack(resource.name, root: root)
                }
            }
            let outcome = try cleaner(root).cleanAbandoned(in: paths)
            #expect(outcome.failures.isEmpty && outcome.removed.count == 3)
            #expect(values(root) == ["powersave", "schedutil", "0", nil])
            #expect(Files.list(paths.journals).isEmpty)
        }
    }

    @Test func whatCannotBeTunedIsSaidWithTheReason() throws {
        try withTemporaryDirectory { home in
            try Files.makeDirectory("\(home)/sys/devices/system/cpu/cpu0")
            let journal = try RunJournal(
                runID: "bare", paths: LabPaths(cache: "\(home)/cache", state: "\(home)/state"))
            let outcome = try Tuning(journal: journal, root: "\(home)/sys").apply()
            #expect(outcome.set.isEmpty && outcome.refused.count == 2)
            #expect(outcome.refused[0].text.english.contains("this machine has no cpufreq"))
            #expect(
                outcome.refused[1].text.english.contains("turbo")
                    && outcome.refused.allSatisfy { $0.remedy != nil })
            #expect(try journal.recorded().isEmpty)
            journal.finish()
        }
    }

    @Test func whatIsSteadyAlreadyIsLeftAlone() throws {
        try withMachine(noTurbo: nil, boost: "0") { root, paths in
            let cpu = "\(root)/devices/system/cpu"
            for processor in ["cpu0", "cpu1"] {
                try Files.write("performance", to: "\(cpu)/\(processor)/cpufreq/scaling_governor")
            }
            let journal = try RunJournal(runID: "steady", paths: paths)
            #expect(try Tuning(journal: journal, root: root).apply() == Tuning.Outcome())
            #expect(try journal.recorded().isEmpty)
            journal.finish()
        }
    }

    @Test("a value that is no plain word is neither journaled nor changed")
    func aValueThatIsNoWordIsLeftAlone() throws {
        try withMachine { root, paths in
            try Files.write("a b\n", to: "\(root)/devices/system/cpu/intel_pstate/no_turbo")
            let journal = try RunJournal(runID: "odd", paths: paths)
            let outcome = try Tuning(journal: journal, root: root).apply()
            #expect(outcome.set.count == 2 && outcome.refused.count == 1)
            #expect(values(root)[2] == "a b")
            journal.finish()
        }
    }

    /// A journal is a file like any other: what it says is done only if lab could have written it.
    @Test func aHostileJournalWritesNothing() throws {
        try withMachine { root, _ in
            let cpu = "\(root)/devices/system/cpu"
            let outside = "\(root)/../outside"
            try Files.write("untouched", to: outside)
            try Files.write("1", to: "\(cpu)/cpu1/online")
            #expect(symlink(outside, "\(cpu)/cpu1/evil") == 0)
            // Names that are ours, and links in their place.
            try Files.makeDirectory("\(cpu)/cpu2/cpufreq")
            #expect(symlink(outside, "\(cpu)/cpu2/cpufreq/scaling_governor") == 0)
            try Files.makeDirectory("\(cpu)/cpu3")
            #expect(symlink("\(root)/..", "\(cpu)/cpu3/cpufreq") == 0)
            try Files.write("untouched", to: "\(root)/../scaling_governor")
            try Files.makeDirectory("\(cpu)/cpu4/cpufreq/scaling_governor")
            let names = [
                "\(outside)=1", "/etc/passwd=x", "\(cpu)/../../../../outside=1", "\(cpu)/cpu1/online=0",
                "\(cpu)/cpu1/evil=1", "\(cpu)/cpu1/../cpu1/cpufreq/scaling_governor=performance",
                "\(cpu)//cpu1/cpufreq/scaling_governor=performance",
                "\(cpu)x/cpu1/cpufreq/scaling_governor=a",
                "\(cpu)/cpu1/cpufreq/scaling_governor", "\(cpu)/cpu1/cpufreq/scaling_governor=",
                "\(cpu)/cpu1/cpufreq/scaling_governor=a b", "\(cpu)/cpu1/cpufreq/scaling_governor=/etc",
                "\(cpu)/cpu1/cpufreq/scaling_governor=a=", "\(cpu)/cpux/cpufreq/scaling_governor=a",
                "\(cpu)/cpu123456/cpufreq/scaling_governor=a", "\(cpu)/cpu2/cpufreq/scaling_governor=1",
                "\(cpu)/cpu3/cpufreq/scaling_governor=1", "\(cpu)/cpu4/cpufreq/scaling_governor=1",
                "devices/system/cpu/cpufreq/boost=1", "=", "",
            ]
            for name in names {
                let error = #expect(throws: LabError.self, "\(name)") {
                    try MachineSetting.putBack(name, root: root)
                }
                #expect(error?.kind == .data, "\(name)")
            }
            #expect(Files.line(outside) == "untouched")
            #expect(Files.line("\(root)/../scaling_governor") == "untouched")
            #expect(Files.line("\(cpu)/cpu1/online") == "1")
            #expect(values(root)[1] == "schedutil")
        }
    }

    @Test func aProcessorThatIsGoneIsNoError() throws {
        try withMachine { root, _ in
            try MachineSetting.putBack(
                "\(root)/devices/system/cpu/cpu77/cpufreq/scaling_governor=powersave", root: root)
        }
    }

    @Test func anyNameIsReadWithoutATrap() {
        var fuzzer = Fuzzer(seed: 31)
        let seed = Array("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor=powersave".utf8)
        for _ in 0..<3_000 {
            let name = String(
                decoding: fuzzer.mutated(seed, dictionary: ["=", "/", "..", "cpu", "\u{e9}"]), as: UTF8.self)
            guard let setting = MachineSetting(name: name, root: "/sys") else { continue }
            // What is believed could have been written by lab.
            #expect(MachineSetting(setting.file, value: setting.value) == setting)
            #expect(setting.resource("/sys").name == name)
        }
    }
}
