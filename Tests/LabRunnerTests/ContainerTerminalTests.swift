import Glibc
import LabCore
import Testing

/// A pseudo-terminal as a user sits at one: what is typed goes in, what is shown comes out.
private final class Terminal {
    let path: String
    private let master: Int32
    /// Kept open, so that it never hangs up by itself and its modes can be read.
    private let peer: Int32
    private(set) var shown = ""

    init(rows: UInt16 = 33, columns: UInt16 = 77) throws {
        master = try checked { open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK) }
        // TIOCSPTLCK and TIOCGPTN, see ioctl_tty(2): macros that Swift does not see.
        var number: Int32 = 0
        let master = master
        try checked { ioctl(master, 0x4004_5431, &number) }
        try checked { ioctl(master, 0x8004_5430, &number) }
        path = "/dev/pts/\(number)"
        let path = path
        peer = try checked { open(path, O_RDWR | O_NOCTTY | O_CLOEXEC) }
        resize(rows, columns)
    }

    deinit {
        close(master)
        close(peer)
    }

    func resize(_ rows: UInt16, _ columns: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    func type(_ text: String) {
        var text = text
        _ = text.withUTF8 { write(master, $0.baseAddress, $0.count) }
    }

    /// Whether that is shown, from now on or already.
    func shows(_ text: String, within limit: Duration = .seconds(20)) -> Bool {
        waitUntil(limit) {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let count = read(master, &buffer, buffer.count)
            if count > 0 { shown += String(decoding: buffer[..<count], as: UTF8.self) }
            return shown.contains(text)
        }
    }

    /// What stty(1) shows, as words that compare.
    var modes: [UInt32] {
        var modes = termios()
        tcgetattr(peer, &modes)
        return [modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag]
    }

}

@Suite("lab-container: terminals", .enabled(if: ContainerCalls.canRun, "skipped: not built, or not root"))
struct ContainerTerminalTests {
    private let calls: ContainerCalls
    private let terminal: Terminal

    init() throws {
        calls = try ContainerCalls()
        terminal = try Terminal()
    }

    /// Starts a script of sh in a session whose terminal this is.
    private func start(_ script: String) throws -> LabProgram.Running {
        try Files.write(script, to: "\(calls.directory)/script")
        return try calls.start("exec setsid --ctty bash $D/script <>\(terminal.path) >&0 2>&0")
    }

    @Test(
        "A container at a terminal has one of its own, of the same size, and the caller's is as before afterwards"
    )
    func itHasATerminalOfItsOwn() throws {
        let before = terminal.modes
        let running = try start(
            "exec $C run / sh -c 'tty; stty size; read x; echo \"[$x]\"; stty size; exit 5'")
        #expect(terminal.shows("/dev/pts/0\r\n33 77\r\n"), "\(terminal.shown)")
        #expect(terminal.modes != before)
        terminal.resize(44, 99)
        terminal.type("typed\r")
        #expect(terminal.shows("[typed]\r\n44 99\r\n"), "\(terminal.shown)")
        #expect(try running.wait().status == 5)
        #expect(terminal.modes == before)
    }

    @Test("It is the terminal of its own devpts, not the host's")
    func itIsNotTheHosts() throws {
        // The host's number would be another inode's: what is done to it is done to the container's.
        let script = "chmod 000 /dev/pts/0 /proc/self/fd/0; stat -c %a /dev/pts/0"
        var before = stat()
        var after = stat()
        #expect(stat(terminal.path, &before) == 0)
        _ = try start("exec $C run / sh -c '\(script)'").wait()
        #expect(terminal.shows("0\r\n") && stat(terminal.path, &after) == 0)
        #expect(before.st_mode == after.st_mode)
        _ = try start("exec unshare --pid --fork sh -c 'chmod 000 /proc/self/fd/0'").wait()
        #expect(stat(terminal.path, &after) == 0 && before.st_mode != after.st_mode)
    }

    @Test("Ctrl-C is the container's terminal's to turn into a signal")
    func controlCIsItsTerminals() throws {
        let running = try start(
            "exec $C run / sh -c 'trap \"echo trapped; exit 4\" INT; echo up; while :; do sleep 0.02; done'")
        #expect(terminal.shows("up\r\n"))
        terminal.type("\u{3}")
        #expect(terminal.shows("trapped"), "\(terminal.shown)")
        #expect(try running.wait().status == 4)
    }

    @Test(
        "What is typed to end a command ends one that has no handler, and is left to one that reads bytes as they come",
        arguments: zip(["\u{3}", "\u{1c}"], [SIGINT, SIGQUIT]))
    func typedSignalsEnd(key: String, number: Int32) throws {
        let running = try start("$C run / sh -c 'echo up; exec sleep 1000'; echo \"<$?>\"")
        #expect(terminal.shows("up\r\n"))
        #expect(
            waitUntil {
                terminal.type(key)
                return terminal.shows("<\(128 + number)>", within: .milliseconds(200))
            }, "\(terminal.shown)")
        _ = try running.wait()
        let raw = try start("exec $C run / sh -c 'stty -isig -icanon; echo raw; head -c 1 | od -An -tx1'")
        #expect(terminal.shows("raw\r\n"))
        terminal.type(key)
        #expect(
            try raw.wait().status == 0 && terminal.shows(key == "\u{3}" ? " 03\r\n" : " 1c\r\n"),
            "\(terminal.shown)")
    }

    @Test("The terminal gets its modes back whatever ends the program", arguments: [SIGTERM, SIGKILL])
    func modesComeBack(number: Int32) throws {
        let before = terminal.modes
        let running = try start("exec $C run / sh -c 'echo up; exec sleep 1000'")
        #expect(terminal.shows("up"))
        #expect(waitUntil { terminal.modes != before })
        running.signal(number)
        #expect(try running.wait().status == 128 + number)
        #expect(waitUntil { terminal.modes == before })
    }

    @Test("In the background a container runs on and reads nothing that is typed")
    func inTheBackgroundItReadsNothing() throws {
        let running = try start(
            """
            set -m
            $C run / sh -c 'echo up; cat' &
            until jobs | grep -q Running; do sleep 0.02; done
            echo ready; read -r a; read -r b; echo "got $a $b"
            kill %1; wait %1; echo "ended $?"
            """)
        #expect(terminal.shows("up") && terminal.shows("ready"))
        terminal.type("one\rtwo\r")
        #expect(terminal.shows("got one two"), "\(terminal.shown)")
        #expect(terminal.shows("ended 143"), "\(terminal.shown)")
        _ = try running.wait()
        // A session of its own with the caller's descriptor is held by no job control.
        _ = try start(
            """
            exec 3<&0; setsid cat <&3 >$D/stolen &
            sleep 0.2; echo again; until [ -s $D/stolen ]; do sleep 0.02; done; echo "stolen $(cat $D/stolen)"; kill %1
            """)
        #expect(terminal.shows("again"))
        terminal.type("three\r")
        #expect(terminal.shows("stolen three"), "\(terminal.shown)")
    }

    @Test("In the foreground again it reads, and Ctrl-Z's signal stops it with its caller")
    func jobsAreControlled() throws {
        let running = try start(
            """
            set -m
            $C run / sh -c 'echo up; read -r x; echo "read $x"; exit 6' &
            until jobs | grep -q Running; do sleep 0.02; done
            kill -TSTP %1; until jobs | grep -q Stopped; do sleep 0.02; done
            echo "stopped"
            fg %1 >/dev/null; echo "ended $?"
            """)
        #expect(terminal.shows("stopped"), "\(terminal.shown)")
        // Typed before it has the terminal, it would be echoed twice and read once all the same.
        terminal.type("line\r")
        #expect(terminal.shows("read line"), "\(terminal.shown)")
        #expect(terminal.shows("ended 6"), "\(terminal.shown)")
        _ = try running.wait()
    }

    @Test("A pager behind it in a pipeline has the terminal to itself")
    func aPagerHasTheTerminal() throws {
        let running = try start(
            """
            $C run / sh -c 'echo up; exec sleep 1000' | bash -c '
                stty -icanon -echo </dev/tty; echo raw; read -rn1 key </dev/tty; stty sane </dev/tty
                echo "key $key"; pkill -P $PPID -TERM -f lab-container'
            """)
        #expect(terminal.shows("raw"))
        terminal.type("q")
        #expect(terminal.shows("key q"), "\(terminal.shown)")
        _ = try running.wait()
    }

    @Test("Where output is no terminal, lines are read from the one that input is")
    func linesAreRead() throws {
        let running = try start(
            "$C run / sh -c 'read -r x; echo \"[$x]\"; cat; test ! -t 0' >$D/out; echo \"ended $?\"")
        terminal.type("first\rsecond\r\u{4}")
        #expect(terminal.shows("ended 0"), "\(terminal.shown)")
        _ = try running.wait()
        #expect(try Files.readText("\(calls.directory)/out") == "[first]\nsecond\n")
    }
}
