import ContainerDriver
import Glibc
import LabCore

/// `reconcile`: a control loop that keeps as many replicas of a server ready as are wanted, whatever happens to them.
///
/// Replicas are processes that the loop starts. The oracle kills some, lets one hang, wants more or fewer of them, another image,
/// one that always crashes; it counts in each round who was ready and is served by, and what was started.
struct ReconcileOracle: Oracle {
    let id = "reconcile"
    let mistakes = ["one-shot", "counts-processes", "all-at-once", "no-back-off"]
    let points = 2

    private enum Event: Equatable {
        case begin, kill, hang, scale, rollout, badImage, back, none
    }

    private struct Task {
        let place: String
        /// Names of files: the first image, its successor, and one that crashes.
        let images: [String]
        let count: Int
        let scaled: Int
        let killed: Int
        let events: [Event]

        init(_ draw: inout Draw) {
            place = "/run/\(draw.name())"
            images = ["a", "b", "c"].map { "\(draw.name())-\($0)" }.shuffled(using: &draw)
            let counts = Array(3...6).shuffled(using: &draw)
            (count, scaled) = (counts[0], counts[1])
            killed = Int.random(in: 1...2, using: &draw)
            let middle: [Event] = [.hang, .scale, .rollout]
            // What is killed comes first: who starts nothing then is no loop.
            events = [.begin, .kill] + middle.shuffled(using: &draw) + [.badImage, .back, .none]
        }
    }

    /// The rounds of the image that crashes, and how often it may be started in them: with a pause that doubles it is five times.
    private static let badRounds = 24
    private static let mostStarts = 7

    /// In so many rounds things have to be as they are wanted.
    private static func patience(_ count: Int) -> Int { 12 + 8 * count }

    func words(_ point: Int, _ draw: inout Draw) -> [String] { [Task(&draw).place] }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let task = Task(&draw)
        let others = draw
        let (judgement, isLate) = try bench.run(
            artefact, [task.place], change: { $0.binds.append(ReplicaRoom.bind(at: task.place)) },
            furnish: { (directory) throws(LabError) in
                try ReplicaRoom.furnish(directory, images: task.images, bench)
            }
        ) { (room) throws(LabError) -> (Judgement, Bool) in
            try judge(task, ReplicaRoom(room, images: task.images, others), bench.deadline)
        }
        return isLate ? try bench.late(judgement) : judgement
    }

    private func judge(
        _ task: Task, _ replicas: ReplicaRoom, _ deadline: MonotonicInstant
    ) throws(LabError) -> (Judgement, Bool) {
        func path(_ image: String) -> String { "\(task.place)/images/\(image)" }
        var wanted = ReplicaRoom.Wanted(count: task.count, image: path(task.images[0]))
        var least = Int.max
        var firsts = 0
        for event in task.events {
            switch event {
            case .begin: break
            case .kill:
                firsts = replicas.started.values.reduce(0, +)
                try replicas.kill(task.killed)
            case .hang: replicas.hang()
            case .scale: wanted.count = task.scaled
            case .rollout, .back: wanted.image = path(task.images[1])
            case .badImage: wanted.image = path(task.images[2])
            case .none: wanted.count = 0
            }
            let patience =
                event == .badImage
                ? Self.badRounds : Self.patience(max(wanted.count, replicas.replicas.count))
            var isMet = false
            var serving = 0
            for _ in 0..<patience where !isMet {
                switch try replicas.play(wanted, until: deadline) {
                case .failure(let flaw): return (flaw.judgement, flaw.isLate)
                case .success(let round):
                    if let wrong = unavailable(round, wanted, replicas) { return (wrong, false) }
                    serving = round.serving.count
                    if event == .rollout || event == .badImage { least = min(least, serving) }
                    isMet = event != .badImage && isAsWanted(round, wanted, replicas, path)
                }
            }
            if event == .badImage {
                let starts = replicas.started[task.images[2]] ?? 0
                if let wrong = badlyTried(starts) { return (wrong, false) }
            } else if !isMet {
                let isOneShot = event != .begin && firsts == replicas.started.values.reduce(0, +)
                return (stuck(serving, wanted, replicas, patience, isOneShot: isOneShot), false)
            }
        }
        return (
            .right(
                "for \(replicas.rounds) rounds as many replicas were ready as were wanted, never fewer than \(least) in the rollouts, and none is left"
            ), false
        )
    }

    private func isAsWanted(
        _ round: ReplicaRoom.Round, _ wanted: ReplicaRoom.Wanted, _ replicas: ReplicaRoom,
        _ path: (String) -> String
    ) -> Bool {
        round.serving.count == wanted.count && replicas.replicas.count == wanted.count
            && replicas.replicas.allSatisfy { path($0.image) == wanted.image }
    }

    /// What is wrong where fewer serve than were ready and are wanted.
    private func unavailable(
        _ round: ReplicaRoom.Round, _ wanted: ReplicaRoom.Wanted, _ replicas: ReplicaRoom
    ) -> Judgement? {
        guard round.serving.count < min(round.ready.count, wanted.count) else { return nil }
        if round.stopped.isEmpty {
            return .wrong(
                nil,
                "in round \(round.number) \(round.ready.count) replicas were ready, and the answer names \(round.serving.count) of them"
            )
        }
        let seen: Message =
            "in round \(round.number) \(round.stopped.count) of \(round.ready.count) ready replicas were stopped, and \(round.serving.count) were left, of \(wanted.count) that are wanted"
        if round.serving.isEmpty && round.ready.count > 1 { return .wrong("all-at-once", seen) }
        return .wrong(replicas.replicas.count >= wanted.count ? "counts-processes" : nil, seen)
    }

    private func badlyTried(_ starts: Int) -> Judgement? {
        if starts > Self.mostStarts {
            return .wrong(
                "no-back-off", "an image that crashes was started \(starts) times in \(Self.badRounds) rounds"
            )
        }
        guard starts > 1 else {
            return .wrong(nil, "an image that crashes was started \(starts) times, and never tried again")
        }
        return nil
    }

    private func stuck(
        _ serving: Int, _ wanted: ReplicaRoom.Wanted, _ replicas: ReplicaRoom, _ patience: Int,
        isOneShot: Bool
    ) -> Judgement {
        let seen: Message =
            "after \(patience) rounds \(serving) replicas are ready, \(wanted.count) are wanted, and \(replicas.replicas.count) processes are there"
        if isOneShot { return .wrong("one-shot", seen) }
        return .wrong(
            serving < wanted.count && replicas.replicas.count >= wanted.count ? "counts-processes" : nil, seen
        )
    }
}
