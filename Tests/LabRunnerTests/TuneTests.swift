import Glibc
import LabCore
import Results
import Testing

/// `lab run --tune`, the program itself, on a machine that has switches: a tree of the test's own is mounted over
/// /sys/devices/system/cpu in a mount namespace that ends with the shell.
@Suite(
    .enabled(if: LabProgram.isBuilt && geteuid() == 0, "skipped: needs root and the built lab"))
struct TuneTests {
    /// `$1` is lab; each step prints what the switches say. `$cpus` processors, so that a kill may come half-way. `up_to`
    /// waits for what `$pid` does: as long as it lives, a minute at most.
    private func script(_ steps: String, cpus: Int) -> String {
        """
        set -e
        mkdir -p tree/intel_pstate; echo 0 > tree/intel_pstate/no_turbo
        for n in $(seq 0 \(cpus - 1)); do mkdir -p tree/cpu$n/cpufreq; echo powersave > tree/cpu$n/cpufreq/scaling_governor; done
        mount --bind tree /sys/devices/system/cpu
        cpu=/sys/devices/system/cpu
        up_to() { what=$1; shift; read up rest < /proc/uptime; end=$((${up%.*} + 60)); until "$@"; do
            read up rest < /proc/uptime; [ ${up%.*} -lt $end ] && [ -e /proc/$pid/exe ] && continue
            echo "waited in vain for $what" >&2; cat errors >&2; kill -9 $pid; exit 1; done; }
        state() { cat $cpu/cpu*/cpufreq/scaling_governor $cpu/intel_pstate/no_turbo | sort | uniq -c | tr -s ' \\n' ' '; echo; }
        \(steps)
        """
    }

    private func shell(_ steps: String, cpus: Int, in lab: LabProgram) throws -> LabProgram.Finished {
        let program = try #require(LabProgram.path)
        return try lab.start(
            ["-m", "sh", "-c", script(steps, cpus: cpus), "sh", program], program: "/usr/bin/unshare"
        ).wait()
    }

    // Without the series that empties the caches of all others, and without the wait that spreads few samples.
    private let plain = #""$1" run startup-latency --engine process --series plain --spread 10ms"#
    private var run: String { "\(plain) --tune" }

    @Test("the frequency is steady during the run, and as before after it")
    func theFrequencyIsSteadyDuringTheRun() throws {
        let lab = try LabProgram()
        let finished = try shell("\(run) --samples 3 --output out > answer; state", cpus: 2, in: lab)
        #expect(finished.status == 0, "\(finished.errors)")
        #expect(finished.output == " 1 0 2 powersave \n")
        let environment = try ResultStore.load("\(lab.directory.path)/out").header.environment
        #expect(environment.governor == "performance" && environment.turbo == "off")
        #expect(environment.tuned?.map(\.old) == ["powersave", "powersave", "0"])
        #expect(environment.tuned?.last?.file == "intel_pstate/no_turbo")
        #expect(!finished.errors.contains("governor") && lab.leftovers.isEmpty)
    }

    @Test("a run that is refused puts back too, and one without the option changes nothing")
    func aRefusedRunPutsBackToo() throws {
        let lab = try LabProgram()
        let finished = try shell(
            """
            \(plain) --samples 3 --output plain > answer; state
            sed -i 's/"no_turbo[^"]*"/"x"/; s/"workload" : "[0-9a-f]*"/"workload" : "00"/' plain/result.json
            \(run) --samples 3 --baseline plain > answer || echo "refused with $?"; state
            """, cpus: 1, in: lab)
        #expect(
            finished.output == " 1 0 1 powersave \nrefused with 65\n 1 0 1 powersave \n", "\(finished.errors)"
        )
        #expect(lab.leftovers.isEmpty)
    }

    /// The kill comes as soon as the first switch is seen turned; with so many processors that is before the last.
    @Test func killedHalfWayEverythingIsPutBackByClean() throws {
        let lab = try LabProgram()
        let finished = try shell(
            """
            \(run) --samples 5000 --budget 10min > answer 2> errors & pid=$!
            up_to 'the first switch' grep -q performance $cpu/cpu0/cpufreq/scaling_governor
            kill -9 $pid; wait $pid || echo "killed $?"
            state > half; "$1" clean --dry-run | grep -c 'would put back: setting' > planned
            "$1" clean | grep -c 'put back: setting' > done; state
            """, cpus: 400, in: lab)
        #expect(finished.output == "killed 137\n 1 0 400 powersave \n", "\(finished.errors)")
        let half = try Files.readText("\(lab.directory.path)/half")
        #expect(half.contains("performance"))
        let planned = try #require(Files.line("\(lab.directory.path)/planned").flatMap { Int($0) })
        #expect((1...401).contains(planned))
        #expect(Files.line("\(lab.directory.path)/done") == "\(planned)")
        #expect(lab.leftovers.isEmpty)
    }

    @Test("when a run was killed while it measured, the next one puts back first")
    func afterAKillTheNextRunPutsBackFirst() throws {
        let lab = try LabProgram()
        let finished = try shell(
            """
            \(run) --samples 5000 --budget 10min --output dead > answer 2> errors & pid=$!
            up_to 'the first sample' [ -s dead/samples.jsonl ]
            kill -9 $pid; wait $pid || echo "killed $?"; state
            \(plain) --samples 1 --output next > answer; state
            """, cpus: 2, in: lab)
        #expect(
            finished.output == "killed 137\n 1 1 2 performance \n 1 0 2 powersave \n", "\(finished.errors)")
        let next = try ResultStore.load("\(lab.directory.path)/next").header.environment
        #expect(next.governor == "powersave" && next.tuned == nil)
        #expect(finished.errors.contains("put back: setting"))
    }
}
