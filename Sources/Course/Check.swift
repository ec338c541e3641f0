import ContainerDriver
import LabCore

/// A check of an artefact: its oracle at all of its points.
package struct Check: Sendable {
    package let oracle: any Oracle
    /// Where the parameters of its points come from.
    package let key: ParameterKey
    package let bench: CheckBench

    /// - Parameter limit: the time that the artefact has at a point.
    package init(
        _ oracle: any Oracle, _ key: ParameterKey, _ context: RunContext, limit: Duration = CheckBench.limit
    ) {
        (self.oracle, self.key, self.bench) = (oracle, key, CheckBench(context: context, limit: limit))
    }

    /// Judges it at one point after the other, up to the first that is not right.
    /// - Throws: `.interrupted` on a signal; whatever else keeps this machine from it makes it ungradable.
    package func verdict(on artefact: Artefact) throws(LabError) -> CheckVerdict {
        var judgements: [Judgement] = []
        do throws(LabError) {
            // What the machine can't do is found out with a program of ours: afterwards nothing is laid at its door.
            try bench.proveRoom()
            for point in 0..<oracle.points {
                try bench.context.interrupt.check()
                var draw = key.draw(point: point)
                bench.errors.withLock { $0 = [] }
                var judgement = try oracle.judge(artefact, point, &draw, bench)
                if !judgement.isRight, judgement.mistake == nil,
                    let reason = NotStarted.reason(artefact, errors: bench.errors.withLock { $0 })
                {
                    judgement = .wrong(NotStarted.mistake, "\(reason); \(judgement.seen)")
                }
                judgements.append(judgement)
                if !judgement.isRight { return .notPassed(judgements) }
            }
            return .passed(judgements)
        } catch {
            if error.kind == .interrupted { throw error }
            return .ungradable(error)
        }
    }
}

/// The means of an oracle: rooms in which artefacts run.
package struct CheckBench: Sendable {
    package let context: RunContext
    /// The time that an artefact has at a point.
    let limit: Duration
    /// What the artefact that ran last wrote to standard error, its last 64 KiB.
    package let errors = Monitor<[UInt8]>([])

    package init(context: RunContext, limit: Duration = CheckBench.limit) {
        (self.context, self.limit) = (context, limit)
    }

    /// The time that a program of a student's has at one point. Only for what never ends: nothing is graded by time.
    package static let limit = patient(.seconds(20))

    /// A time that is enough on hardware, as long as it has to be on this machine: a guest that judges may be emulated.
    static func patient(_ time: Duration) -> Duration { time * Emulator.patience }

    /// When the time of a point that begins now is over.
    var deadline: MonotonicInstant { .now().advanced(by: limit) }

    /// The time in which a room begins and ends on a machine that can tell late from slow.
    private static let slow = patient(.seconds(2))

    /// The artefact's directory in a room.
    static let work = "/work"
    /// lab-guest in a room: what oracles run beside the artefact, and know again by its file.
    static let guest = "/lab/guest"

    /// Runs an artefact's program in a room with these words.
    ///
    /// The first process of the room is a shell of ours and not the student's, so that there is somebody in it who unshares
    /// nothing.
    /// - Parameters:
    ///   - before: a command of the shell's that is run in the background before it.
    ///   - change: to the request.
    func run<Value>(
        _ artefact: Artefact, _ words: [String], before: String = "",
        change: (inout RoomRequest) -> Void = { _ in },
        furnish: (String) throws(LabError) -> Void = { _ in },
        _ body: (Room) throws(LabError) -> Value
    ) throws(LabError) -> Value {
        let program = "\(Self.work)/\(artefact.program)"
        // The exit keeps the shell from executing the program in its own place.
        var request = RoomRequest(["/bin/sh", "-c", "\(before)\n\"$@\"; exit $?", "room", program] + words)
        request.directory = Self.work
        request.binds = [.init("work", at: Self.work), .init("lab", at: "/lab")]
        change(&request)
        return try Room.with(
            request, context,
            furnish: { (directory) throws(LabError) in
                try Files.makeDirectory("\(directory)/work")
                for (name, bytes) in artefact.files {
                    try Files.write(bytes, to: "\(directory)/work/\(name)", mode: 0o755)
                }
                try Files.makeDirectory("\(directory)/lab")
                for name in artefact.files.keys { Files.waitUntilUnwritten("\(directory)/work/\(name)") }
                try layGuest("\(directory)\(Self.guest)")
                try furnish(directory)
            }
        ) { (room) throws(LabError) in
            defer { errors.withLock { $0 = room.errors.suffix(1 << 16) } }
            return try body(room)
        }
    }

    /// Puts lab-guest somewhere into a room's files, to be executed at once.
    func layGuest(_ path: String) throws(LabError) {
        try Files.write(try Files.read(context.rootFilesystem.hostGuestPath), to: path, mode: 0o755)
        Files.waitUntilUnwritten(path)
    }

    /// Returns when this machine can make a room and be rid of it.
    /// - Throws: the reason why it can't, or `.unavailable` when it takes so long that nothing could be told from a deadline.
    package func proveRoom() throws(LabError) {
        let began = MonotonicInstant.now()
        let status = try Room.with(
            RoomRequest(["/bin/true"]), context, furnish: { (_) throws(LabError) in }
        ) { (room) throws(LabError) -> Int32? in
            guard try room.wait(until: began.advanced(by: Self.limit)) == .ended else { return nil }
            return room.end()
        }
        guard status == 0 else {
            throw LabError(
                .unavailable, "nothing runs in a room of this machine",
                cause: status.map { "/bin/true ended with status \(Int($0))" } ?? "/bin/true took too long")
        }
        guard MonotonicInstant.now() < began.advanced(by: Self.slow) else {
            throw LabError(
                .unavailable, "this machine is too busy to tell late from slow",
                cause: "a room with nothing in it took more than \(Int(Self.slow / .seconds(1))) s",
                remedy: "check again when less is running")
        }
    }

    /// What it means that something did not come about in time: the artefact's mistake where the same machine does the same with
    /// our own program; else it can't be told.
    func late(_ judgement: Judgement) throws(LabError) -> Judgement {
        try proveRoom()
        return judgement
    }
}

extension Room {
    /// The last lines that the artefact wrote to standard error, for what is shown of it.
    var lastWords: Message {
        let lines = errors.split(separator: UInt8(ascii: "\n"))
        let shown = lines.suffix(12).map { "\n      " + ForeignText.line($0, most: 200) }
        if shown.isEmpty { return "its standard error is empty" }
        let text = (shown.count < lines.count ? "\n      …" : "") + shown.joined()
        return "its standard error ends:\(text)"
    }
}
