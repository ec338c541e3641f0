import Glibc
import LabCore
import Testing

/// What reaches a container from its caller: bytes, and no descriptor of the caller's.
@Suite(
    "lab-container: descriptors",
    .enabled(if: ContainerCalls.canRun, "skipped: not built, or not root"))
struct ContainerDescriptorsTests {
    private let calls: ContainerCalls

    init() throws { calls = try ContainerCalls() }

    /// Exits with the number of descriptors that are neither an anonymous pipe nor a /dev/null other than this host's. It
    /// opens one itself to look.
    private var foreign: String {
        var host = stat()
        _ = stat("/dev/null", &host)
        return #"""
            perl -e 'opendir(D, "/proc/self/fd"); my $n = 0;
                for (grep(/^\d+$/, readdir(D))) { my $l = readlink("/proc/self/fd/$_"); next if !defined($l) || $l =~ /^pipe:/ || $l =~ m{^/proc/\d+/fd$};
                    $n++ if $l ne "/dev/null" || join(":", (stat("/proc/self/fd/$_"))[0, 1]) eq "\#(host.st_dev):\#(host.st_ino)" }
                exit($n)'
            """#
    }

    @Test(
        "Whatever the caller has open or closed, a container has pipes, or a /dev/null of its own",
        arguments: [
            "", "<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-", "</dev/null >/dev/null 2>&1", "<>/dev/null",
            "</dev/null >&-", "</dev/zero >/dev/full",
            "3</etc/passwd 9</",
        ])
    func noDescriptorReachesIn(redirections: String) throws {
        for options in ["", "--memory 64MiB --pids 100"] {
            #expect(try calls.run("$C run \(options) / \(foreign) \(redirections)").status == 0)
        }
        #expect(calls.lab.leftovers.isEmpty)
    }

    @Test(
        "No descriptor, ours or the caller's, is there when the command is looked for",
        arguments: ["", "--memory 64MiB", "--cpus 1", "--pids 20"])
    func noDescriptorLeadsOut(options: String) throws {
        for number in 3...20 {
            let path = "/proc/self/fd/\(number)"
            let finished = try calls.run("$C run \(options) / \(path) 7</tmp 9</bin/true")
            #expect(finished.status == 127, "\(number): \(finished.status) \(finished.errors)")
        }
    }

    @Test(
        "The program itself is nothing that a container's command may lead to", arguments: ["link", "script"])
    func ourselvesAreNotExecuted(kind: String) throws {
        let make =
            kind == "link"
            ? "ln -sf /proc/self/exe $D/own" : "printf '#!/proc/self/exe\\n' >$D/own; chmod +x $D/own"
        // On a busy machine it may be over before one can look at it, and has then done nothing but say how it is called.
        var last = ""
        let isRefused = try waitUntil {
            let finished = try calls.run("\(make); exec $C run / $D/own")
            last = "\(finished.status): \(finished.errors)"
            return finished.status == 126 && finished.errors.contains("to lab-container itself")
        }
        #expect(isRefused, "\(last)")
        // A shell's own is found the same way, and runs.
        #expect(try calls.run("\(make); exec sh -c 'exec $D/own -c :'").status == 0)
    }

    @Test("…and a plain process executes what its descriptor leads to")
    func descriptorsLeadOut() throws {
        #expect(try calls.run("/proc/self/fd/9 9</bin/true").status == 0)
        #expect(try calls.run("/proc/self/fd/7/true 7</bin").status == 0)
    }

    @Test("…and the same look finds a file, a directory and /dev/null in a plain process")
    func foreignDescriptorsAreFound() throws {
        #expect(try calls.run("\(foreign) </dev/null >&2 2>/dev/null 3</ 4</etc/passwd").status >= 3)
    }

    @Test(
        "A program that is started with closed descriptors has /dev/null there",
        arguments: ["lab version", "lab clean"])
    func closedDescriptorsOfLab(command: String) throws {
        let lab = try #require(LabProgram.path)
        let words = command.replacing("lab", with: lab)
        let status = try calls.run("\(words) <&- >&-; echo $? >&2; \(words) <&- >&- 2>&-; echo $? >$D/last")
        #expect(status.status == 0)
        #expect(status.errors.contains("it is closed\n74\n"), "\(status.errors)")
        #expect(Files.line("\(calls.directory)/last") == "74")
    }

    @Test(
        "An answer that can't be written is an error, one that nobody reads is none",
        arguments: ["version", "--help"])
    func fullAndUnread(word: String) throws {
        let lab = try #require(LabProgram.path)
        let full = try calls.run("\(lab) \(word) >/dev/full")
        #expect(full.status == 74 && full.errors.contains("No space left on device"), "\(full.errors)")
        let limited = try calls.run("prlimit --fsize=3 \(lab) \(word) >$D/limited")
        #expect(limited.status == 74)
        let unread = try calls.run("trap '' PIPE; (sleep 0.2; \(lab) \(word); echo $? >&2) | true")
        #expect(unread.errors == "141\n")
        let closedPipe = try calls.run("(sleep 0.2; \(lab) \(word); echo $? >&2) | true")
        #expect(closedPipe.errors == "141\n")
    }

    /// What a hostile command does with the descriptors that it is given.
    private let attack = "chmod 777 /proc/self/fd/0 /proc/self/fd/1; echo written >>/proc/self/fd/0"

    private func attacked(by command: String) throws -> (text: String, modes: [mode_t]) {
        for name in ["in", "out"] {
            try Files.write("\(name)\n", to: "\(calls.directory)/\(name)", mode: 0o600)
        }
        _ = try calls.run("\(command) sh -c '\(attack)' <$D/in >$D/out")
        let modes = ["in", "out"].map { name in
            var status = stat()
            return stat("\(calls.directory)/\(name)", &status) == 0 ? status.st_mode & 0o777 : 0
        }
        return (try Files.readText("\(calls.directory)/in"), modes)
    }

    @Test("A file that is standard input or output keeps its mode, and what is open for reading its bytes")
    func filesOfTheCallerStay() throws {
        let contained = try attacked(by: "$C run /")
        #expect(contained.text == "in\n" && contained.modes == [0o600, 0o600])
        // The same with the caller's own descriptors, in namespaces alike.
        let plain = try attacked(by: "unshare --mount --pid --fork --mount-proc")
        #expect(plain.text == "in\nwritten\n" && plain.modes == [0o777, 0o777])
    }

    @Test("A directory is not handed in")
    func aDirectoryIsRefused() throws {
        let refused = try calls.run("$C run / ls /proc/self/fd/0/ </")
        #expect(refused.status == 125 && refused.errors.contains("it is a directory"), "\(refused.errors)")
        #expect(try calls.run("unshare --pid --fork ls /proc/self/fd/0/ </").output.contains("etc"))
    }

    @Test("Input that is open for writing alone can't be read from in a container either")
    func whatCannotBeReadIsNoEnd() throws {
        for around in ["", "$C run / "] {
            let read = try calls.run("\(around)cat 0>$D/written")
            #expect(
                read.status == 1 && read.errors.contains("Bad file descriptor"), "\(around) \(read.errors)")
            // As nohup(1) leaves it behind: who does not read from it does not miss it.
            #expect(try calls.run("\(around)echo said 0>/dev/null").output == "said\n")
        }
    }

    @Test("Where the caller has /dev/null, a container has its own, as open as that is")
    func nullIsItsOwn() throws {
        let type = #"test "$(readlink /proc/self/fd/0)" = /dev/null && "#
        for around in ["", "$C run / "] {
            let read = try calls.run("\(around)sh -c '\(type)cat && ! echo x >&0' </dev/null 2>/dev/null")
            #expect(read.status == 0 && read.output.isEmpty, "\(around) \(read.status)")
            #expect(try calls.run("\(around)sh -c 'echo x >&0' <>/dev/null").status == 0)
            #expect(try calls.run("\(around)sh -c 'cat <&1' </etc/passwd >/dev/null 2>$D/errors").status != 0)
        }
        // Of the host's the mode is not its to change, nor is it of its own.
        let changed = try calls.run("$C run / chmod 600 /proc/self/fd/0 </dev/null")
        #expect(changed.status == 1 && changed.errors.contains("Read-only file system"), "\(changed.errors)")
    }

    @Test("Every byte arrives, in order, each where it belongs, however it is read and written")
    func everyByteArrives() throws {
        let numbers = "seq 400000"
        let sum = try calls.run("\(numbers) | cksum").output
        for (way, script) in [
            "file": "$C run / \(numbers) >$D/f; cksum <$D/f",
            "append": "$C run / \(numbers) >>$D/g; cksum <$D/g",
            "pipe": "$C run / \(numbers) | cksum", "slow pipe": "$C run / \(numbers) | (sleep 0.3; cksum)",
            "from a pipe": "\(numbers) | $C run / cksum",
            "from a file": "\(numbers) >$D/h; $C run / cksum <$D/h",
            "through": "\(numbers) | $C run / cat | $C run / cat | cksum",
            "errors": "$C run / sh -c '\(numbers) >&2; echo other' 2>&1 >/dev/null | cksum",
            "left by a child": "$C run / sh -c '(\(numbers)) & wait' | cksum",
        ] {
            #expect(try calls.run(script).output == sum, "\(way)")
        }
        let empty = try calls.run("$C run / wc -c </dev/null")
        #expect(empty.output == "0\n" && empty.errors.isEmpty)
    }

    @Test("Neither a reader that goes away nor a child that keeps the pipe holds up the end")
    func nobodyHoldsUpTheEnd() throws {
        #expect(try calls.run("$C run / yes 2>/dev/null | head -1").output == "y\n")
        let kept = try calls.run("$C run / sh -c 'sleep 1000 & echo said'; echo $?")
        #expect(kept.output == "said\n0\n")
        let lost = try calls.run("$C run / sh -c 'echo x; exit 0' >/dev/full")
        #expect(
            lost.status == 125 && lost.errors.contains("cannot write to standard output: No space"),
            "\(lost.errors)")
        #expect(try calls.run("$C run / sh -c 'echo x; exit 0' >&-").status == 125)
    }

    @Test("What of a file the command did not read is left to who reads on")
    func unreadInputIsGivenBack() throws {
        try Files.write("one\ntwo\nthree\n", to: "\(calls.directory)/lines")
        let loop = "while read -r line; do echo \"$line\"; $C run / true; done"
        #expect(try calls.run("(\(loop)) <$D/lines").output == "one\ntwo\nthree\n")
        // What the command writes to its own input is nothing that came from the file.
        let writing = loop.replacing("/ true", with: "/ sh -c 'printf %099d 0 >/proc/self/fd/0'")
        #expect(try calls.run("(\(writing)) <$D/lines").output == "one\ntwo\nthree\n")
        // Of a pipe nothing can be given back.
        let taking = loop.replacing("/ true", with: "/ head -c 1 >/dev/null")
        #expect(try calls.run("cat $D/lines | (\(taking))").output == "one\n")
    }
}
