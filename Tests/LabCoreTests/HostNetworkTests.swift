import CLinux
import Glibc
import Testing

@testable import LabCore

/// The bridge of a run on this host.
@Suite(
    "a run's network", .enabled(if: geteuid() == 0, "skipped: not root"),
    .enabled(if: Tool.find("ip") != nil, "skipped: there is no ip(8) of iproute2"))
struct HostNetworkTests {
    /// The network of a run, chosen and not made yet. Whatever was made is gone afterwards.
    private func withNetwork(_ body: (HostNetwork, RunPlaces, RunJournal) throws -> Void) throws {
        try withTemporaryDirectory { home in
            let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
            let runID = "t\(UInt32.random(in: 0 ... .max))"
            try Files.makeDirectory(paths.run(runID), mode: 0o700)
            let journal = try RunJournal(runID: runID, paths: paths)
            defer { journal.finish() }
            let network: HostNetwork
            do throws(LabError) {
                network = try HostNetwork(runID, journal: journal, directory: paths.run(runID))
            } catch {
                guard error.kind == .permission else { throw error }
                try Test.cancel("skipped: \(error)")
            }
            defer { try? network.remove() }
            try body(network, try RunPlaces(runID, paths), journal)
            #expect(Files.list(paths.run(runID)).isEmpty, "what ip was told is left")
        }
    }

    private func exists(_ name: String) -> Bool { if_nametoindex(name) != 0 }

    @Test("A bridge, a namespace's link and a tap are made and removed, each written down before")
    func madeAndRemoved() throws {
        try withNetwork { network, _, journal in
            try network.open()
            #expect(exists(network.bridge))
            let container = try network.makeNamespace(of: 0)
            let machine = try network.makeTap(of: 1)
            #expect(exists(container.name) && exists(machine.name))
            #expect(
                Files.line("/sys/class/net/\(machine.name)/owner") == "0", "one without an owner is anybody's"
            )
            #expect(container.namespaceNumber >= 0 && machine.namespaceNumber == -1)
            #expect(container.address != machine.address)
            #expect(
                try journal.recorded()
                    == [machine.name, container.name, network.bridge].map { JournaledResource(.link, $0) })
            // A number that is taken, as when a run has more than its block: the one who has it keeps it.
            let again = network.address(of: 1 + 4_093)
            #expect(again == machine.address)
            #expect(throws: LabError.self) { try network.makeTap(of: 1 + 4_093) }
            #expect(exists(machine.name))
            for link in [container, machine] {
                try link.remove()
                #expect(!exists(link.name))
                try link.remove()
            }
            #expect(container.namespaceNumber == -1)
            try network.remove()
            #expect(!exists(network.bridge))
            try network.remove()
        }
    }

    @Test("The address that is inside is reached from here, and a port there only once somebody listens")
    func reached() throws {
        try withNetwork { network, _, _ in
            try network.open()
            let link = try network.makeNamespace(of: 7)
            defer { try? link.remove() }
            let attempt = PortAttempt(link.address.text, port: 7_000)
            let early = waitUntilConnected(attempt, .milliseconds(100))
            #expect(!early)
            let listener = try OSThread.run { () throws(LabError) in
                try Self.listen(in: link.namespaceNumber, port: 7_000)
            }
            defer { close(listener) }
            let connected = waitUntilConnected(attempt, .seconds(20))
            #expect(connected)
            let other = PortAttempt(network.address(of: 8).text, port: 7_000)
            let found = waitUntilConnected(other, .milliseconds(100))
            #expect(!found, "nobody is there")
        }
    }

    private func waitUntilConnected(_ attempt: PortAttempt, _ limit: Duration) -> Bool {
        let deadline = MonotonicInstant.now().advanced(by: limit)
        while MonotonicInstant.now() < deadline {
            if attempt.step() { return true }
            usleep(1_000)
        }
        return false
    }

    /// A socket of another network namespace, which only this thread has entered.
    private static func listen(in namespace: Int32, port: UInt16) throws(LabError) -> Int32 {
        do throws(Errno) {
            try checked { clinux_setns(namespace, 0x4000_0000) }
            let socket = try checked { Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
            var place = sockaddr_in()
            place.sin_family = sa_family_t(AF_INET)
            place.sin_port = port.bigEndian
            try checked {
                withUnsafePointer(to: &place) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
            }
            try checked { Glibc.listen(socket, 4) }
            return socket
        } catch {
            throw LabError(.software, "no socket", cause: error)
        }
    }

    @Test(
        "What a dead run's journal names is removed; an interface that is another's is not, whatever its name"
    )
    func journalIsReplayed() throws {
        try withNetwork { network, run, _ in
            try network.open()
            let link = try network.makeTap(of: 0)
            let other = LinkNames("\(run.runID)x")
            for name in [
                "lo", other.bridge, "br0", "../lo", "\(network.bridge)x", "", "\(network.bridge) lo",
            ] {
                #expect(throws: LabError.self, "\(name)") { try NetworkLinks.remove(name, of: run) }
            }
            #expect(exists("lo") && exists(network.bridge) && exists(link.name))
            for name in [link.name, network.bridge] {
                try NetworkLinks.remove(name, of: run)
                #expect(!exists(name))
                try NetworkLinks.remove(name, of: run)
            }
        }
    }

    @Test("A bridge of the run's name that lab did not make is neither taken nor removed")
    func foreignBridge() throws {
        try withNetwork { network, run, journal in
            let ip = try IPTool.find()
            try ip.run(["link", "add", "name", network.bridge, "type", "bridge"], "no bridge")
            try ip.run(["link", "set", "dev", network.bridge, "alias", "somebody's"], "no alias")
            defer { try? ip.delete(network.bridge) }
            #expect(throws: LabError.self) { try network.open() }
            #expect(try journal.recorded().isEmpty)
            #expect(throws: LabError.self) { try NetworkLinks.remove(network.bridge, of: run) }
            #expect(exists(network.bridge))
        }
    }

    @Test("Two runs take different addresses, and each leaves the other's bridge alone")
    func twoRuns() throws {
        try withNetwork { one, _, _ in
            try one.open()
            try withNetwork { other, run, _ in
                try other.open()
                #expect(!one.block.overlaps(other.block) && one.bridge != other.bridge)
                #expect(throws: LabError.self) { try NetworkLinks.remove(one.bridge, of: run) }
            }
            #expect(exists(one.bridge))
        }
    }
}
