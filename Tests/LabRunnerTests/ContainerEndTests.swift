import Glibc
import LabCore
import Testing

/// How a container ends: by itself, by a signal, with its caller.
@Suite("lab-container: its end", .enabled(if: ContainerCalls.canRun, "skipped: not built, or not root"))
struct ContainerEndTests {
    private let calls: ContainerCalls

    init() throws { calls = try ContainerCalls() }

    // MARK: Tether

    /// Commands that get rid of their parent-death signal, see prctl(2): by asking, and by becoming another user.
    private static let untethered = [
        ["setpriv", "--pdeathsig", "clear", "sleep", "1000"],
        ["setpriv", "--reuid", "65534", "--clear-groups", "sleep", "1000"],
    ]

    /// The process that sleeps, once it does.
    private func sleeper(below pid: pid_t, _ first: (pid_t) -> pid_t?) throws -> pid_t {
        var found: pid_t?
        #expect(
            waitUntil {
                found = first(pid)
                return found.flatMap { Files.line("/proc/\($0)/comm") } == "sleep"
            })
        return try #require(found)
    }

    @Test(
        "A container ends with its caller, whatever it did to its parent-death signal", arguments: untethered,
        [false, true])
    func theTetherCannotBeCut(command: [String], killsGroup: Bool) throws {
        let script = "exec setsid $C run / \(command.joined(separator: " "))"
        let running = try calls.start(script)
        let process = try sleeper(below: running.pid, ContainerCalls.firstProcess)
        kill(killsGroup ? -running.pid : running.pid, SIGKILL)
        _ = try running.wait()
        #expect(waitUntil { isGone(process) })
    }

    @Test("…and the same command outlives one that trusts the signal")
    func theSignalAloneCanBeRefused() throws {
        let running = try calls.start(
            "exec unshare --pid --fork --kill-child setpriv --pdeathsig clear sleep 1000")
        let process = try sleeper(below: running.pid) { pid in
            (Files.line("/proc/\(pid)/task/\(pid)/children") ?? "").split(separator: " ").compactMap {
                pid_t($0)
            }.first
        }
        running.signal(SIGKILL)
        _ = try running.wait()
        usleep(200_000)
        #expect(!isGone(process))
        kill(process, SIGKILL)
    }

    /// Who ends a container when its caller is killed: the caller's other child.
    private func watcher(of pid: pid_t) throws -> pid_t {
        // It names itself after it was started, which on a busy machine may be after the container runs.
        var found: pid_t?
        _ = waitUntil {
            found = HostProcess(pid: pid).children.map(\.pid).first {
                Files.line("/proc/\($0)/comm") == "lab-watch"
            }
            return found != nil
        }
        return try #require(found)
    }

    @Test(
        "Who kills every process of the program's name does not mean the one that ends the container",
        arguments: ["$NAME", "-f \"$NAME run\""])
    func killedByName(words: String) throws {
        let name = "lc-\(getpid())-\(UInt16.random(in: 0...999))"
        let running = try calls.start(
            "ln -s $C $D/\(name); exec $D/\(name) run / setpriv --pdeathsig clear sleep 1000")
        let process = try sleeper(below: running.pid, ContainerCalls.firstProcess)
        _ = try calls.run("pkill -9 \(words.replacing("$NAME", with: name))")
        _ = try running.wait()
        #expect(waitUntil { isGone(process) })
    }

    @Test("A container whose watcher is killed ends, and says so; who is out of memory does not take both")
    func theWatcherIsWatched() throws {
        let running = try calls.start("exec $C run / setpriv --pdeathsig clear sleep 1000")
        let process = try sleeper(below: running.pid, ContainerCalls.firstProcess)
        let watcher = try watcher(of: running.pid)
        // kcmp(2), KCMP_VM: what the OOM killer kills shares its memory.
        let comparing = "perl -e 'exit(syscall(312, $ARGV[0] + 0, $ARGV[1] + 0, 1, 0, 0) == 0 ? 0 : 1)'"
        #expect(try calls.run("\(comparing) \(running.pid) \(watcher)").status == 1)
        #expect(try calls.run("\(comparing) \(running.pid) \(running.pid)").status == 0)
        kill(watcher, SIGKILL)
        let ended = try running.wait()
        #expect(ended.status == 125 && ended.errors.contains("the container was ended"), "\(ended.errors)")
        #expect(waitUntil { isGone(process) })
    }

    // MARK: Signals

    @Test(
        "A signal that the command has no handler for ends it, as it would a plain process",
        arguments: [
            SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM,
        ])
    func anUnhandledSignalEnds(number: Int32) throws {
        let running = try calls.container("sh", "-c", "echo up; exec sleep 1000")
        #expect(calls.waitFor("up", from: running))
        #expect(
            waitUntil {
                ContainerCalls.firstProcess(of: running.pid).flatMap { Files.line("/proc/\($0)/comm") }
                    == "sleep"
            })
        running.signal(number)
        #expect(try running.wait().status == 128 + number)
    }

    @Test("A command that handles a signal gets it, and its own status counts")
    func aHandledSignalIsHandedOn() throws {
        let script = "trap 'echo got; exit 3' TERM HUP USR1; echo up; while :; do sleep 0.02; done"
        for number in [SIGTERM, SIGHUP, SIGUSR1] {
            let running = try calls.container("sh", "-c", script)
            #expect(calls.waitFor("up", from: running))
            running.signal(number)
            let ended = try running.wait()
            #expect(ended.status == 3 && ended.output == "up\ngot\n")
        }
    }

    @Test("A command that ignores SIGTERM ends with the second")
    func theSecondSignalEndsAtOnce() throws {
        let running = try calls.container(
            "sh", "-c", "trap '' TERM INT; echo up; while :; do sleep 0.02; done")
        #expect(calls.waitFor("up", from: running))
        running.signal(SIGTERM)
        // What comes within 300 ms is timeout(1)'s second signal of one wish.
        usleep(400_000)
        running.signal(SIGINT)
        #expect(try running.wait().status == 128 + SIGKILL)
    }

    @Test("A caller that ignores SIGCHLD gets the command's status all the same")
    func aStatusIsNotThrownAway() throws {
        // A shell can't ignore it for others: env(1) can.
        for limit in ["", "--memory 64MiB"] {
            let ended = try calls.run("exec env --ignore-signal=CHLD $C run \(limit) / sh -c 'exit 7'")
            #expect(ended.status == 7, "\(ended.errors)")
        }
        let lab = try calls.run("exec env --ignore-signal=CHLD ${C%-container} version")
        #expect(lab.status == 0, "\(lab.errors)")
    }

    @Test("A signal that the caller ignores is not handed on")
    func whatIsIgnoredStaysSo() throws {
        let running = try calls.start("trap '' HUP; exec $C run / sh -c 'echo up; exec sleep 1000'")
        #expect(calls.waitFor("up", from: running))
        running.signal(SIGHUP)
        running.signal(SIGTERM)
        #expect(try running.wait().status == 128 + SIGTERM)
    }

    // MARK: Limits

    /// Forks until it is refused, or 3,000 times, and says how often it could.
    private let forking =
        "perl -e '$| = 1; my $n = 0; while ($n < 3000) { my $p = fork; last unless defined $p; if (!$p) { sleep 1000 } $n++ } print $n'"

    @Test(
        "The number of processes is bounded unless that is given up",
        arguments: [
            ("", 1_500...2_047), ("--pids 500", 150...499), ("--pids 20", 19...19),
            ("--pids unlimited", 3_000...3_000),
            ("--memory 1GiB", 1_500...2_047), ("--memory 1GiB --pids 20", 19...19),
        ] as [(String, ClosedRange<Int>)])
    func processesAreBounded(options: String, expected: ClosedRange<Int>) throws {
        let number = try calls.run("$C run \(options) / \(forking)").output
        #expect(Int(number).map(expected.contains) == true, "\(number)")
        #expect(calls.lab.leftovers.isEmpty)
    }

    @Test("The machine's own limit of pids stays as it is")
    func theHostsPidsStay() throws {
        let path = "/proc/sys/kernel/pid_max"
        let before = Files.line(path)
        #expect(try calls.run("$C run / cat \(path)").output == "2049\n")
        #expect(Files.line(path) == before)
    }

    @Test("The writable layer is bounded, in bytes and in files")
    func storageIsBounded() throws {
        let filling = "dd if=/dev/zero of=/filled bs=1M count=16 2>&1; echo $?"
        let counting = "i=0; while [ $i -lt 3000 ] && : 2>/dev/null >/tmp/f$i; do i=$((i + 1)); done; echo $i"
        #expect(try calls.run("$C run --storage 8MiB / sh -c '\(filling)'").output.contains("No space left"))
        #expect(try calls.run("$C run --storage 64MiB / sh -c '\(filling)'").output.hasSuffix("0\n"))
        let few = try calls.run("$C run --storage 8MiB / bash -c '\(counting)'").output
        #expect((Int(few.trimmingWhitespace()) ?? 3_000) < 2_048, "\(few)")
        #expect(try calls.run("$C run --storage 64MiB / bash -c '\(counting)'").output == "3000\n")
        let whole = try calls.run("$C run / df -k --output=size /").output
        #expect(whole.hasSuffix("1048576\n"), "\(whole)")
    }

    // MARK: Exit codes

    @Test(
        "Exit codes are docker's",
        arguments: [
            ("/ true", 0), ("/ sh -c 'exit 9'", 9), ("/ sh -c 'kill -9 $$'", 0), ("/ no-such-command", 127),
            ("/ /no/such/command", 127), ("/ /etc/passwd", 126), ("/ /etc", 126), ("/nonexistent true", 125),
            ("--no-such-option / true", 125), ("/", 125), ("--storage 1 / true", 125),
            ("--pids 0 / true", 125),
        ] as [(String, Int32)])
    func exitCodes(words: String, status: Int32) throws {
        let finished = try calls.run("$C run \(words)")
        #expect(finished.status == status, "\(finished.errors)")
        #expect(finished.errors.isEmpty == (status < 100), "\(finished.errors)")
    }
}
