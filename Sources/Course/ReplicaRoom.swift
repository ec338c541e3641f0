import ContainerDriver
import Glibc
import LabCore

/// Replicas of a server in a room, which a control loop starts and stops, as `reconcile` has them.
///
/// They are processes that execute an image, which is a file; whether one is ready is planted, and stands in a file of its name. Time
/// goes in rounds: what happens, happens between an answer of the loop's and the next line that it reads. So nothing is a
/// matter of speed.
final class ReplicaRoom {
    struct Replica: Equatable {
        let process: HostProcess
        let name: String
        let image: String
        /// The round from which on it is ready.
        let readyFrom: Int
        /// That it runs and answers no more, for good.
        var hangs = false
        /// What it says in this round; nil when it is not ready.
        var nonce: String?
    }

    /// What the loop is told.
    struct Wanted: Equatable {
        var count: Int
        var image: String
    }

    /// What came of a round.
    struct Round {
        var number = 0
        /// Those that were ready when it began.
        var ready: [Replica] = []
        /// Those of them that the loop named, and that were still there at its end.
        var serving: [Replica] = []
        /// Those that it stopped.
        var stopped: [Replica] = []
    }

    private let room: Room
    /// Names of files: the last one ends as soon as it has begun.
    private let images: [String]
    private let place: String
    private let lines: FileDescriptor
    private var draw: Draw
    private var names: Set<String> = []
    /// How much of what the loop said has been read.
    private var read = 0
    private(set) var rounds = 0
    private(set) var replicas: [Replica] = []
    /// How many were started, by their image.
    private(set) var started: [String: Int] = [:]

    private static let directory = "place"
    private static let limit = CheckBench.patient(.seconds(5))

    /// Lays what the loop finds in its place into a room's files.
    static func furnish(
        _ directory: String, images: [String], _ bench: CheckBench
    ) throws(LabError) {
        let place = "\(directory)/\(Self.directory)"
        try Files.makeDirectory("\(place)/health")
        try Files.makeDirectory("\(place)/images")
        for image in images { try bench.layGuest("\(place)/images/\(image)") }
        let path = "\(place)/rounds"
        do throws(Errno) {
            try checked { mkfifo(path, 0o644) }
        } catch {
            throw LabError(.output, "cannot make the FIFO \(path)", cause: error)
        }
    }

    /// - Parameter at: where the loop sees its place.
    static func bind(at target: String) -> RoomRequest.Bind { .init(directory, at: target) }

    init(_ room: Room, images: [String], _ draw: Draw) throws(LabError) {
        let place = "\(room.files)/\(Self.directory)"
        (self.room, self.images, self.draw, self.place) = (room, images, draw, place)
        let path = "\(place)/rounds"
        do throws(Errno) {
            // For reading too, so that to open it waits for nobody.
            lines = try FileDescriptor.open(path, O_RDWR)
        } catch {
            throw LabError(.output, "cannot write to the FIFO \(path)", cause: error)
        }
    }

    private func isThere(_ replica: Replica) -> Bool {
        replica.process.executes("\(place)/images/\(replica.image)")
            && replica.process.commandLine?.last == replica.name
    }

    /// Whether a word may be a replica's name, and so a file's.
    static func isName(_ word: String) -> Bool {
        (1...32).contains(word.utf8.count)
            && word.utf8.allSatisfy {
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
            }
    }

    /// Takes note of who is there. A list of children may lack one while others end, so who is known is asked itself.
    /// - Returns: what is wrong with one that is new.
    private func look() -> Judgement? {
        replicas.removeAll { !isThere($0) }
        for process in room.processes where !replicas.contains(where: { $0.process == process }) {
            guard let image = images.first(where: { process.executes("\(place)/images/\($0)") }),
                let words = process.commandLine, !words.isEmpty
            else { continue }
            guard words.count == 3, words[1] == "idle", Self.isName(words[2]) else {
                return .wrong(
                    nil,
                    "a replica was started with the words \(ForeignText.quoted(words.joined(separator: " ")))"
                )
            }
            guard names.insert(words[2]).inserted else {
                return .wrong(nil, "two replicas have had the name \(words[2])")
            }
            let delay = Int.random(in: 1...3, using: &draw)
            replicas.append(
                Replica(
                    process: process, name: words[2], image: image,
                    readyFrom: image == images.last ? .max : rounds + delay))
            started[image, default: 0] += 1
        }
        return nil
    }

    /// Kills replicas, and waits until they are gone.
    private func kill(_ victims: [Replica]) throws(LabError) {
        for victim in victims { victim.process.end { _ in isThere(victim) } }
        _ = try room.wait(until: .now().advanced(by: Self.limit)) { !victims.contains(where: isThere) }
    }

    /// Kills so many of those that are there.
    func kill(_ count: Int) throws(LabError) {
        try kill(Array(replicas.shuffled(using: &draw).prefix(count)))
    }

    /// Lets one of those that are ready answer no more.
    func hang() {
        let index = replicas.indices.filter { replicas[$0].nonce != nil }.randomElement(using: &draw)
        if let index { replicas[index].hangs = true }
    }

    /// Plays a round.
    /// - Returns: what came of it; or what is wrong, and whether that may be for want of time.
    func play(
        _ wanted: Wanted, until deadline: MonotonicInstant
    ) throws(LabError) -> Result<Round, Flaw> {
        rounds += 1
        if let flaw = look() { return .failure(Flaw(flaw)) }
        try kill(replicas.filter { $0.image == images.last })
        var round = Round(number: rounds)
        round.ready = try tellWhoIsReady()
        do throws(Errno) {
            try lines.writeAll("\(rounds) \(wanted.count) \(wanted.image)\n".utf8)
        } catch {
            return .failure(Flaw(.wrong(nil, "the program does not read its rounds; \(room.lastWords)")))
        }
        var words: [String]?
        let wait = try room.wait(until: deadline) {
            words = Self.answer(in: room.output, from: &read)
            return words != nil || room.saidTooMuch
        }
        guard let words else { return .failure(unanswered(wait)) }
        if let flaw = try settle(wanted) { return .failure(Flaw(flaw)) }
        let nonces = Set(round.ready.compactMap(\.nonce))
        if let stranger = words.first(where: { !nonces.contains($0) }) {
            return .failure(
                Flaw(
                    .wrong(
                        nil,
                        "in round \(rounds) the answer names \(ForeignText.quoted(stranger)), which no ready replica says"
                    )))
        }
        let named = round.ready.filter { $0.nonce.map(words.contains) == true }
        let others = round.ready.filter { !named.contains($0) }
        // Who was told to end is gone in a moment; who was only not named stays.
        _ = try room.wait(until: .now().advanced(by: CheckBench.patient(.seconds(1)))) {
            !others.contains(where: isThere)
        }
        round.stopped = round.ready.filter { !isThere($0) }
        round.serving = named.filter { !round.stopped.contains($0) }
        return .success(round)
    }

    struct Flaw: Error {
        let judgement: Judgement
        var isLate = false
        init(_ judgement: Judgement, isLate: Bool = false) {
            (self.judgement, self.isLate) = (judgement, isLate)
        }
    }

    private func unanswered(_ wait: Room.Wait) -> Flaw {
        switch wait {
        case .met: return Flaw(.wrong(nil, "the program wrote more than it may"))
        case .late:
            return Flaw(.wrong(nil, "round \(rounds) was not answered; \(room.lastWords)"), isLate: true)
        case .ended:
            let status = room.end() ?? 0
            // What only starts replicas has done so by the first round.
            guard status == 0, !names.isEmpty else {
                return Flaw(.wrong(nil, "the program ended with status \(Int(status)); \(room.lastWords)"))
            }
            return Flaw(
                .wrong(
                    "one-shot",
                    "the program ended in round \(rounds), and nobody is left who looks after its replicas"))
        }
    }

    /// Writes who is ready, and what each says in this round.
    private func tellWhoIsReady() throws(LabError) -> [Replica] {
        for name in Files.list("\(place)/health") { unlink("\(place)/health/\(name)") }
        for index in replicas.indices {
            let isReady = !replicas[index].hangs && replicas[index].readyFrom <= rounds
            replicas[index].nonce = isReady ? draw.nonce() : nil
            guard let nonce = replicas[index].nonce else { continue }
            try room.put(Array("\(nonce)\n".utf8), to: "\(Self.directory)/health/\(replicas[index].name)")
        }
        return replicas.filter { $0.nonce != nil }
    }

    /// Looks who is there until those are gone that were told to end: that may take a moment.
    private func settle(_ wanted: Wanted) throws(LabError) -> Judgement? {
        let before = started
        var flaw: Judgement?
        let wait = try room.wait(until: .now().advanced(by: Self.limit)) {
            flaw = look()
            return flaw != nil || replicas.count <= wanted.count + 1 || started == before
        }
        if flaw == nil, wait == .late {
            flaw = .wrong(
                nil,
                "in round \(rounds) there are \(replicas.count) replicas, and \(wanted.count + 1) may be there at most"
            )
        }
        return flaw
    }

    /// The words of the next line in a program's output that begins with `endpoints`; nil while there is none.
    /// - Parameter place: how much has been read.
    static func answer(in output: [UInt8], from place: inout Int) -> [String]? {
        while let end = output[place...].firstIndex(of: UInt8(ascii: "\n")) {
            let words = String(decoding: output[place..<end], as: UTF8.self).split(separator: " ").map(
                String.init)
            place = end + 1
            if words.first == "endpoints" { return Array(words.dropFirst()) }
        }
        return nil
    }
}
