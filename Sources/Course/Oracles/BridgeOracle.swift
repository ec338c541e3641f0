import ContainerDriver
import Glibc
import LabCore

/// `bridge`: networks of network namespaces, made and taken down again.
///
/// The oracle keeps a process of its own in each namespace and reads what the kernel shows of it: which namespace it is, which
/// links there are, what they have carried, and how many datagrams came to a port at which nobody listens.
struct BridgeOracle: Oracle {
    let id = "bridge"
    let mistakes = ["one-namespace", "leaked-veth"]
    let points = 2

    private struct Member {
        let name: String
        let address: String
        let prefix: Int
        /// Another address of the same subnet, which nobody has.
        let free: String

        var word: String { "\(name)=\(address)/\(prefix)" }
    }

    private struct Task {
        let bridges: [String]
        /// Two of the first bridge, and one of the second.
        let members: [Member]
        let nonce: String
        /// How many datagrams are sent.
        let count: Int
        let port: Int

        init(_ draw: inout Draw) {
            bridges = ["b-\(draw.name())", "c-\(draw.name())"]
            var members: [Member] = []
            for (network, names) in [(0, ["a", "b"]), (1, ["x"])] {
                let prefix = Int.random(in: 24...27, using: &draw)
                let (size, second) = (1 << (32 - prefix), Int.random(in: 0...127, using: &draw))
                let start = size * Int.random(in: 0..<256 / size, using: &draw)
                let third = Int.random(in: 0...255, using: &draw)
                let hosts = Array(1...size - 2).shuffled(using: &draw)
                for (index, name) in names.enumerated() {
                    func address(_ host: Int) -> String {
                        "10.\(2 * second + network).\(third).\(start + host)"
                    }
                    members.append(
                        Member(
                            name: "\(name)-\(draw.name())", address: address(hosts[index]), prefix: prefix,
                            free: address(hosts[names.count])))
                }
            }
            self.members = members
            nonce = draw.nonce()
            count = Int.random(in: 40...90, using: &draw)
            port = Int.random(in: 20_000...30_000, using: &draw)
        }

        var words: [[String]] {
            [
                ["up", bridges[0], members[0].word, members[1].word], ["up", bridges[1], members[2].word],
                ["down", bridges[0], members[0].name, members[1].name],
                ["down", bridges[1], members[2].name],
            ]
        }

        /// What happens in the room. It goes on when the oracle has seen what it wants to; all words are of our own making.
        func script(_ program: String) -> String {
            func wait(_ name: String) -> String { "until [ -e /lab/\(name) ]; do sleep 0.1; done" }
            func run(_ words: [String]) -> String { "\(program) \(ShellText.join(words)) >&2 || exit" }
            func inside(_ member: Member) -> String { "nsenter --net=/run/netns/\(member.name)" }
            func send(_ count: Int, to member: Member) -> String {
                "for i in $(seq \(count)); do echo \(nonce) >/dev/udp/\(member.address)/\(port); done"
            }
            func mark(_ name: String) -> String { "/lab/guest idle \(nonce)-\(name) >/dev/null &" }
            let (a, b, x) = (members[0], members[1], members[2])
            return """
                mkdir -p /run/netns /var && ln -s /run /var/run
                \(wait("up"))
                \(run(words[0]))
                \(run(words[1]))
                \(members.map { "[ -e /run/netns/\($0.name) ] || exit 1" }.joined(separator: "\n"))
                \(members.map { "\(inside($0)) \(mark($0.name))" }.joined(separator: "\n"))
                \(wait("send"))
                \(inside(a)) bash -c '\(send(5, to: x))' 2>/dev/null
                device=$(\(inside(a)) ip -o -4 address show to \(a.address) | awk '{ print $2; exit }')
                \(inside(a)) ip address add \(x.free)/\(x.prefix) dev "$device" 2>/dev/null
                \(inside(a)) bash -c '\(send(5, to: x)); \(send(count, to: b))' 2>/dev/null
                \(mark("sent"))
                \(wait("down"))
                \(run(words[2]))
                \(run(words[3]))
                \(mark("down"))
                while :; do sleep 1; done
                """
        }
    }

    func words(_ point: Int, _ draw: inout Draw) -> [String] { Task(&draw).words[0] }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let task = Task(&draw)
        if point == 0 { try proveBridges(bench) }
        let (judgement, isLate) = try bench.run(
            artefact, [],
            change: {
                $0.command = ["/bin/sh", "-c", task.script("\(CheckBench.work)/\(artefact.program)"), "room"]
            }
        ) { (room) throws(LabError) -> (Judgement, Bool) in try judge(task, room, bench.deadline) }
        return isLate ? try bench.late(judgement) : judgement
    }

    /// Returns when a room can have bridges and what is to be sent with.
    private func proveBridges(_ bench: CheckBench) throws(LabError) {
        for (program, package) in [("ip", "iproute2"), ("nsenter", "util-linux"), ("bash", "bash")]
        where Tool.find(program) == nil {
            throw LabError(
                .unavailable, "\(program) is not installed", cause: "it is not in PATH",
                remedy: "apt-get install \(package)", detail: .notInstalled)
        }
        let script = "ip link add name bridge0 type bridge && ip link add name one type veth peer name two"
        let said = try Room.with(
            RoomRequest(["/bin/sh", "-c", script]), bench.context, furnish: { (_) throws(LabError) in }
        ) { (room) throws(LabError) -> Message? in
            let wait = try room.wait(until: bench.deadline)
            return wait == .ended && room.end() == 0 ? nil : room.lastWords
        }
        if let said {
            throw LabError(
                .unavailable, "this machine's kernel makes no bridge in a user namespace", cause: said,
                remedy: "load its modules: modprobe -a bridge veth")
        }
    }

    private func judge(
        _ task: Task, _ room: Room, _ deadline: MonotonicInstant
    ) throws(LabError) -> (Judgement, Bool) {
        let first = HostProcess(pid: room.pid)
        func goOn(_ name: String) throws(LabError) { try Files.write("", to: "\(room.files)/lab/\(name)") }
        func ended(_ what: Message, _ wait: Room.Wait) -> (Judgement, Bool) {
            let status = wait == .ended ? room.end() : nil
            let how: Message = status.map { "the program ended with status \(Int($0))" } ?? "it did not end"
            return (.wrong(nil, "\(what): \(how); \(room.lastWords)"), wait == .late)
        }
        let before = first.links
        try goOn("up")
        var members: [HostProcess] = []
        let isUp = try room.wait(until: deadline) {
            members = task.members.compactMap { room.guest(with: "\(task.nonce)-\($0.name)") }
            return members.count == task.members.count
        }
        guard isUp == .met else { return ended("`net up` did not make every namespace", isUp) }
        let namespaces = ([first] + members).map { $0.namespace("net") }
        guard Set(namespaces).count == namespaces.count else {
            return (
                .wrong(
                    "one-namespace",
                    "there are \(Set(namespaces).count) network namespaces and not \(namespaces.count), the room's own among them"
                ), false
            )
        }
        let links = first.links
        for bridge in task.bridges where links[bridge] == nil {
            return (.wrong(nil, "there is no link \(bridge) where `net up` was called"), false)
        }
        let unheard = members.map(\.unheardDatagrams)
        try goOn("send")
        let count = UInt64(task.count)
        func arrived(_ member: Int) -> UInt64 {
            (members[member].unheardDatagrams ?? 0) &- (unheard[member] ?? 0)
        }
        let isSent = try room.wait(until: deadline) { room.guest(with: "\(task.nonce)-sent") != nil }
        guard isSent == .met else { return ended("the datagrams were not sent", isSent) }
        // What has been sent is there already: a veth and a bridge hand it on in the same call.
        guard arrived(1) >= count else {
            return (
                .wrong(
                    nil,
                    "of \(task.count) datagrams from \(task.members[0].name) to \(task.members[1].name), \(Int(clamping: arrived(1))) arrived"
                ), false
            )
        }
        guard arrived(2) == 0 else {
            return (
                .wrong(
                    "one-namespace",
                    "\(task.members[0].name) reached \(task.members[2].name), which is of another network"),
                false
            )
        }
        let grown = first.links.map { name, now in
            let old = links[name] ?? LinkCounters()
            return (received: now.received &- old.received, sent: now.sent &- old.sent)
        }
        guard grown.contains(where: { $0.received >= count }), grown.contains(where: { $0.sent >= count })
        else {
            return (
                .wrong(nil, "the datagrams did not go through links where `net up` was called"), false
            )
        }
        try goOn("down")
        let isDown = try room.wait(until: deadline) { room.guest(with: "\(task.nonce)-down") != nil }
        guard isDown == .met else { return ended("`net down` did not succeed", isDown) }
        let left = first.links.keys.filter { before[$0] == nil }.sorted()
        guard left.isEmpty else {
            return (
                .wrong("leaked-veth", "after `net down` there is still: \(Message.names(left))"), false
            )
        }
        let mounts = (try? Files.readText("/proc/\(room.pid)/mountinfo")) ?? ""
        for member in task.members where mounts.contains("/run/netns/\(member.name) ") {
            return (.wrong(nil, "after `net down` \(member.name) still names a namespace"), false)
        }
        return (
            .right(
                "\(task.count) datagrams went through the bridge, none to the other network, and no link is left"
            ), false
        )
    }
}

/// Packets that a link has carried.
private struct LinkCounters {
    var received: UInt64 = 0
    var sent: UInt64 = 0
}

extension HostProcess {
    /// The links of its network namespace: proc(5), `/proc/PID/net/dev`.
    fileprivate var links: [String: LinkCounters] {
        let text = (try? Files.readText("/proc/\(pid)/net/dev")) ?? ""
        var links: [String: LinkCounters] = [:]
        for line in text.split(separator: "\n").dropFirst(2) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let numbers = parts[1].split(separator: " ").map { UInt64($0) ?? 0 }
            guard numbers.count >= 10 else { continue }
            links[String(parts[0]).trimmingWhitespace()] = LinkCounters(
                received: numbers[1], sent: numbers[9])
        }
        return links
    }

    /// How many UDP datagrams came to a port of its network namespace at which nobody listens: `NoPorts` of `/proc/PID/net/snmp`,
    /// a line of names and one of numbers.
    fileprivate var unheardDatagrams: UInt64? {
        let text = (try? Files.readText("/proc/\(pid)/net/snmp")) ?? ""
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("Udp:") }.map {
            $0.split(separator: " ")
        }
        guard lines.count == 2, let place = lines[0].firstIndex(of: "NoPorts"), place < lines[1].count else {
            return nil
        }
        return UInt64(lines[1][place])
    }
}
