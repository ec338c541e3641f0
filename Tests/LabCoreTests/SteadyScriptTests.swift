import Testing

@testable import LabCore

struct SteadyScriptTests {
    private func script(_ files: [String: String]) throws -> SteadyScript {
        try withTemporaryDirectory { root in
            for (path, text) in files {
                let slash = try #require(path.lastIndex(of: "/"))
                try Files.makeDirectory("\(root)/\(path[..<slash])")
                try Files.write(text, to: "\(root)/\(path)")
            }
            return SteadyScript(root: root)
        }
    }

    @Test(
        "The script has what applies to the machine and the way back, and nothing of what is steady already")
    func onlyWhatApplies() throws {
        let cpu = "sys/devices/system/cpu"
        let full = try script([
            "\(cpu)/cpu0/cpufreq/scaling_governor": "schedutil\n",
            "\(cpu)/cpu1/cpufreq/scaling_governor": "performance\n",
            "\(cpu)/intel_pstate/no_turbo": "0\n", "\(cpu)/smt/control": "on\n", "\(cpu)/smt/active": "1\n",
            "sys/kernel/mm/ksm/run": "1\n", "proc/sys/kernel/numa_balancing": "1\n",
            "proc/sys/kernel/nmi_watchdog": "1\n",
            "etc/systemd/system/timers.target.wants/apt-daily.timer": "",
            "etc/systemd/system/timers.target.wants/$(reboot).timer": "", "run/systemd/system/x": "",
            "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
        ])
        #expect(
            full.steps.flatMap(\.commands) == [
                "echo performance > /\(cpu)/cpu0/cpufreq/scaling_governor",
                "echo 1 > /\(cpu)/intel_pstate/no_turbo",
                "echo off > /\(cpu)/smt/control", "echo 0 > /sys/kernel/mm/ksm/run",
                "echo 0 > /proc/sys/kernel/numa_balancing", "echo 0 > /proc/sys/kernel/nmi_watchdog",
                "systemctl stop apt-daily.timer",
            ])
        #expect(full.steps[0].back == ["echo schedutil > /\(cpu)/cpu0/cpufreq/scaling_governor"])
        #expect(full.steps.allSatisfy { $0.back.count == $0.commands.count && !$0.reason.isEmpty })
        #expect(full.left.map(\.english).first?.contains("(madvise)") == true)
        let steady = try script([
            "\(cpu)/cpu0/cpufreq/scaling_governor": "performance\n", "\(cpu)/cpufreq/boost": "0\n",
            "\(cpu)/smt/control": "off\n",
            "sys/kernel/mm/ksm/run": "0\n", "etc/systemd/system/timers.target.wants/apt-daily.timer": "",
        ])
        #expect(steady.steps.isEmpty && steady.left.isEmpty, "without systemd nobody starts timers")
    }

    @Test("No text of the kernel's gets into the script but plain words")
    func anyText() throws {
        var fuzzer = Fuzzer(seed: 909)
        for _ in 0..<60 {
            var files: [String: String] = [:]
            for path in [
                "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "proc/sys/kernel/numa_balancing",
                "sys/kernel/mm/transparent_hugepage/enabled",
            ] {
                files[path] = String(
                    decoding: fuzzer.mutated(
                        Array("always [madvise] never".utf8),
                        dictionary: ["; reboot", "`", "$(", "\n", "[", "]"]),
                    as: UTF8.self)
            }
            let script = try script(files)
            let words = script.steps.flatMap { $0.commands + $0.back }
            #expect(
                words.allSatisfy {
                    $0.wholeMatch(of: /echo [A-Za-z0-9_.@][-A-Za-z0-9_.@]* > \/[a-z0-9_\/]+/) != nil
                })
        }
    }
}
