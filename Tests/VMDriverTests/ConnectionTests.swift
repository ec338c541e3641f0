import LabCore
import Testing

@testable import VMDriver

/// libvirt's API as this driver uses it, on libvirt's own test driver: a hypervisor in this process's memory.
/// See https://libvirt.org/drvtest.html.
@Suite struct ConnectionTests {
    private func isKnown(_ name: String, _ connection: borrowing Connection) -> Bool {
        if case .some = connection.domain(named: name) { return true }
        return false
    }

    private func xml(_ name: String) -> String {
        """
        <domain type='test'><name>\(name)</name><memory unit='MiB'>64</memory><vcpu>2</vcpu>
        <os><type arch='x86_64'>hvm</type></os></domain>
        """
    }

    @Test func aConnectionSaysWhatItDrives() throws {
        let connection = try Connection("test:///default")
        // Macros of swift-testing copy what they look at, and a connection has one owner.
        let (driver, library, hypervisor) = (
            connection.driver, connection.libraryVersion, connection.hypervisorVersion
        )
        #expect(driver.uppercased() == "TEST")
        #expect(try #require(library) >= Version(7, 0, 0))
        #expect(hypervisor != nil)
    }

    @Test func aDomainLivesUntilItIsDestroyed() throws {
        let connection = try Connection("test:///default")
        let name = "lab-test-domain"
        let domain = try connection.create(xml(name), name: name)
        let (before, text, isThere) = (domain.isActive, domain.xml, isKnown(name, connection))
        #expect(before && isThere)
        #expect(try #require(text).contains("<name>\(name)</name>"))
        try domain.destroy()
        let (after, isStillThere) = (domain.isActive, isKnown(name, connection))
        // A transient domain is gone with its end, and to destroy it again is no error.
        #expect(!after && !isStillThere)
        try domain.destroy()
    }

    @Test func aDefinedDomainIsKnownAndDoesNotRun() throws {
        let connection = try Connection("test:///default")
        let domain = try connection.define(xml("lab-defined"), name: "lab-defined")
        let (isActive, isThere) = (domain.isActive, isKnown("lab-defined", connection))
        #expect(!isActive && isThere)
        domain.undefine()
        let isStillThere = isKnown("lab-defined", connection)
        #expect(!isStillThere)
    }

    @Test func errorsCarryLibvirtsOwnWords() throws {
        let connection = try Connection("test:///default")
        do {
            _ = try connection.create("<domain/>", name: "nameless")
            Issue.record("libvirt took a domain without a type")
        } catch {
            #expect(error.kind == .instance && error.message.english.contains("nameless"))
            #expect(error.cause?.isEmpty == false)
        }
        do {
            _ = try Connection("nosuch:///driver")
            Issue.record("there is no such driver")
        } catch {
            #expect(error.kind == .unavailable && error.message.english.contains("nosuch:///driver"))
            #expect(error.cause?.isEmpty == false)
        }
    }

    @Test("what the test driver cannot do is refused in words")
    func whatTheTestDriverCannotDoIsRefused() throws {
        let connection = try Connection("test:///default")
        do {
            _ = try connection.createPaused(
                "<domain/>", name: "lab-paused", deadline: .now().advanced(by: .seconds(20)))
            Issue.record("libvirt took a domain without a type")
        } catch {
            #expect(error.kind == .instance && error.message.english.contains("lab-paused"))
            #expect(error.cause?.isEmpty == false)
        }
        let domain = try connection.create(xml("lab-paused"), name: "lab-paused")
        do {
            _ = try domain.openConsole(name: "lab-paused")
            Issue.record("the test driver has no console")
        } catch {
            #expect(error.kind == .instance && error.message.english.contains("lab-paused"))
            #expect(error.cause?.isEmpty == false)
        }
        // It runs already.
        do {
            try domain.resume(name: "lab-paused")
            Issue.record("it was no longer paused")
        } catch {
            #expect(error.kind == .instance)
        }
        try domain.destroy()
    }

    @Test func aPoolIsMadeOnceAndRemovedWhateverIsInIt() throws {
        let connection = try Connection("test:///default")
        try connection.makePool(named: "lab-pool", at: "/var/tmp/lab-pool")
        // The test driver keeps no files.
        #expect(throws: LabError.self) { try connection.upload([1, 2, 3], as: "file", toPool: "lab-pool") }
        #expect(throws: LabError.self) { try connection.upload([1], as: "file", toPool: "lab-no-pool") }
        try connection.removePool(named: "lab-pool")
        try connection.removePool(named: "lab-pool")
    }

    @Test(
        "what cannot be reached is an error in libvirt's words",
        arguments: [
            "qemu+tcp://127.0.0.1:1/system", "qemu+unix:///system?socket=/nonexistent/socket",
            "qemu+bogus:///x",
            "://", "",
        ])
    func whatCannotBeReachedIsAnError(uri: String) {
        do {
            let connection = try Connection(uri)
            // An empty URI is libvirt's own choice.
            #expect(uri.isEmpty, "\(connection.driver)")
        } catch {
            #expect(error.kind == .unavailable && error.message.english.contains(uri))
            #expect(error.cause?.isEmpty == false)
        }
    }

    @Test("statistics of a domain are read, or refused in words")
    func statisticsAreReadOrRefusedInWords() throws {
        let connection = try Connection("test:///default")
        let domain = try connection.create(xml("lab-statistics"), name: "lab-statistics")
        do {
            let counts = try domain.exitCounts()
            #expect(counts.isEmpty)
        } catch {
            // The test driver of libvirt 9.0 has none.
            #expect(error.cause?.isEmpty == false)
        }
        try domain.destroy()
    }

    /// The names as libvirt 9.0 gives them for a domain on KVM with two processors.
    @Test("counts of all processors are summed, and what is no count is left out")
    func countsOfAllProcessorsAreSummed() {
        let counts = ProcessorStatistics.counts([
            ("vcpu.current", 2), ("vcpu.0.state", 1), ("vcpu.0.time", 70_000_000), ("vcpu.0.exits.sum", 40),
            ("vcpu.1.exits.sum", 2), ("vcpu.0.io_exits.sum", 7), ("vcpu.0.halt_wait_ns.sum", 123),
            ("vcpu.0.guest_mode.cur", 1), ("vcpu.0.halt_wait_hist.max", 9), ("vcpu.x.exits.sum", 5),
            ("vcpu.0..sum", 5), ("block.0.exits.sum", 5), ("vcpu.0.exits.sum.more", 5), ("", 1),
        ])
        #expect(counts == ["exits": 42, "io_exits": 7])
    }

    /// Whatever a hypervisor calls its statistics, nothing is counted twice and nothing traps.
    @Test func anyNamesGiveCountsOrNothing() {
        var generator = SeededGenerator(seed: 5)
        let words = ["vcpu", "0", "1", "", "exits", "sum", "max", ".", "io_exits", "halt_wait_ns", "-1", "ä"]
        for _ in 0..<2_000 {
            let names = (0..<4).map { _ in
                (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                    words.randomElement(using: &generator) ?? ""
                }.joined(separator: ".")
            }
            let counts = ProcessorStatistics.counts(names.map { ($0, UInt64.max) })
            #expect(counts.keys.allSatisfy { !$0.isEmpty && !$0.hasSuffix("_ns") })
            #expect(counts.count <= names.count)
        }
    }
}
