import CLinux
import Glibc

/// The sort of network that a command has beside its loopback interface. Without one it has none, but for a bare process,
/// which has the host's.
public enum CommandNetwork: String, Codable, Sendable {
    /// An interface on a bridge of the run's own, by which this host reaches it, and nobody else.
    case bridge

    /// Reads a word: nil for `none`.
    /// - Throws: `.usage` for anything else.
    public static func named(_ word: String) throws(LabError) -> CommandNetwork? {
        if word == "none" { return nil }
        guard let network = CommandNetwork(rawValue: word) else {
            throw LabError(
                .usage,
                "\(ForeignText.quoted(word)) is no network of a command\(didYouMean(word, in: ["none", "bridge"]))",
                remedy: "use none or bridge")
        }
        return network
    }
}

/// The address of an instance on its run's bridge.
public struct InstanceAddress: Hashable, Sendable {
    fileprivate let number: UInt32
    /// The bits that all addresses of the bridge share.
    fileprivate let length: Int

    /// With dots.
    public var text: String { AddressBlock.text(number) }
    /// With the length of its block, `10.1.2.3/20`.
    public var withLength: String { "\(text)/\(length)" }
    /// The address of its Ethernet interface: a locally administered one, of the same digits.
    public var hardware: String {
        "02:1a:"
            + [24, 16, 8, 0].map { shift in
                String(number >> UInt32(shift) & 0xff, radix: 16).zeroPadded(to: 2)
            }.joined(separator: ":")
    }
}

/// The network of one run: a bridge of its own on this host, and the links of instances to it. It leads nowhere else: nothing
/// is routed, and no rule of a firewall is changed.
///
/// The host knows beforehand which Ethernet address each instance has, so that its first packet to one that is not there yet
/// is lost at once, and not kept for a second while the kernel asks for the address.
public final class HostNetwork: Sendable {
    /// The addresses of the bridge, the first of which is the host's.
    public let block: AddressBlock
    private let names: LinkNames
    private let journal: RunJournal
    /// The run's own, for what ip(8) is told.
    private let directory: String
    private let ip: IPTool

    /// Chooses names and addresses; nothing is made yet.
    /// - Throws: `.permission` without CAP_NET_ADMIN, `.unavailable` without iproute2 or free addresses.
    public init(_ runID: String, journal: RunJournal, directory: String) throws(LabError) {
        let capabilities = (try? HostProcess(pid: getpid()).status().effectiveCapabilities) ?? 0
        // CAP_NET_ADMIN, capabilities(7).
        guard capabilities >> 12 & 1 == 1 else {
            throw LabError(
                .permission, "no bridge can be made for instances", cause: "that needs CAP_NET_ADMIN",
                remedy: "run as root, or say --network none")
        }
        ip = try IPTool.find()
        let routes = try ip.run(
            ["-4", "route", "show", "table", "all"], "cannot read the routes of this host")
        guard
            let block = AddressBlock.free(
                beside: AddressBlock.routed(in: routes), from: LinkNames.seed(runID))
        else {
            throw LabError(
                .unavailable, "there are no addresses for a bridge",
                cause: "routes of this host lead to all private ones",
                remedy: "narrow a route to 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, or say --network none"
            )
        }
        self.block = block
        self.journal = journal
        self.directory = directory
        names = LinkNames(runID)
    }

    public var bridge: String { names.bridge }

    /// What there is of it before any start, for `EngineRecord.prepared`.
    public static let prepared: Message = "the bridge, to which each start makes its own link by ip(8)"

    /// The number of a prefix' first address of an instance, and how many there are: not the network's, the host's and the one
    /// of broadcasts.
    private static let firstNumber: UInt32 = 2
    private static let most = 4_093

    /// The address of an instance, by its number in the run.
    public func address(of index: Int) -> InstanceAddress {
        InstanceAddress(
            number: block.first + Self.firstNumber + UInt32(index % Self.most), length: block.length)
    }

    /// The host's end of an instance's link.
    public func link(of index: Int) -> String { names.link(index % Self.most) }

    /// Makes the bridge, written down beforehand.
    public func open() throws(LabError) {
        guard if_nametoindex(bridge) == 0 else {
            throw LabError(
                .unavailable, "an interface is called \(bridge) already", cause: "lab did not make it",
                remedy: "run again: the next run has another name for its own")
        }
        try journal.record(JournaledResource(.link, bridge))
        // One that is said stays: else a bridge has the lowest of those on it, and what instances know of it gets old.
        let own = InstanceAddress(number: block.first + 1, length: block.length)
        do throws(LabError) {
            try make(
                bridge,
                [
                    "link add name \(bridge) address \(own.hardware) type bridge",
                    "link set dev \(bridge) alias \(names.alias)",
                    "address add \(own.withLength) dev \(bridge)",
                    "link set dev \(bridge) up",
                ])
        } catch {
            try? remove()
            throw error
        }
    }

    /// Removes the bridge; links that are still on it lose it.
    public func remove() throws(LabError) {
        if if_nametoindex(bridge) != 0 { try ip.delete(bridge) }
    }

    private func make(_ link: String, _ lines: [String]) throws(LabError) {
        try ip.batch(lines, at: batchFile(link), "cannot make the interface \(link)")
    }

    private func batchFile(_ link: String) -> String { "\(directory)/ip-\(link)" }

    /// Makes the link of an instance, written down beforehand.
    /// - Parameter first: the line that makes the interface.
    private func makeLink(of index: Int, _ first: (_ name: String) -> String) throws(LabError) {
        let (name, address) = (link(of: index), address(of: index))
        guard if_nametoindex(name) == 0 else {
            throw LabError(
                .unavailable, "an interface is called \(name) already",
                cause: "at most \(Self.most) instances can be linked at the same time",
                remedy: "start fewer at once")
        }
        try journal.record(JournaledResource(.link, name))
        do throws(LabError) {
            try make(
                name,
                [
                    first(name), "link set dev \(name) alias \(names.alias)",
                    "link set dev \(name) master \(bridge) up",
                    "neigh replace \(address.text) lladdr \(address.hardware) nud permanent dev \(bridge)",
                ])
        } catch {
            try? removeLink(of: index)
            throw error
        }
    }

    fileprivate func removeLink(of index: Int) throws(LabError) {
        let name = link(of: index)
        // Both, whether or not there is the other.
        let lines = [
            "link delete dev \(name)", "neigh delete \(address(of: index).text) dev \(bridge)",
        ]
        try ip.remove(name) { (what) throws(LabError) in
            try ip.batch(lines, at: batchFile(name), goesOn: true, what)
        }
    }

    /// A tap for a VM, see tuntap.rst in Linux. Root opens it for QEMU, and nobody else may: one that is nobody's anybody may open.
    public func makeTap(of index: Int) throws(LabError) -> InstanceLink {
        try makeLink(of: index) { "tuntap add dev \($0) mode tap user 0" }
        return InstanceLink(self, index)
    }

    /// A network namespace with an interface `eth0`, the other end of a veth(4) pair, and with its loopback interface up. It has
    /// no name and is gone with its descriptor.
    public func makeNamespace(of index: Int) throws(LabError) -> InstanceLink {
        let address = address(of: index)
        let descriptor = try OSThread.run { () throws(LabError) in
            do throws(Errno) {
                try checked { clinux_unshare(Self.networkFlag) }
                return try FileDescriptor.open("/proc/thread-self/ns/net", O_RDONLY).release()
            } catch {
                throw LabError(.unavailable, "cannot make a network namespace", cause: error)
            }
        }
        let link = InstanceLink(self, index, namespace: FileDescriptor(owning: descriptor))
        try makeLink(of: index) {
            "link add name \($0) type veth peer name eth0 address \(address.hardware) netns \(link.namespacePath)"
        }
        do throws(LabError) {
            let (number, mask) = (address.number.bigEndian, AddressBlock.mask(address.length).bigEndian)
            try OSThread.run { () throws(LabError) in
                do throws(Errno) {
                    try checked { clinux_setns(descriptor, Self.networkFlag) }
                    try checked { clinux_raise_interface("lo", 0, 0) }
                    try checked { clinux_raise_interface("eth0", number, mask) }
                } catch {
                    throw LabError(.unavailable, "cannot give an instance its address", cause: error)
                }
            }
        } catch {
            try? removeLink(of: index)
            throw error
        }
        return link
    }

    /// CLONE_NEWNET, clone(2).
    private static let networkFlag: UInt64 = 0x4000_0000
}

/// The link of one instance to its run's bridge, until it is removed.
public final class InstanceLink {
    /// The host's end.
    public let name: String
    public let address: InstanceAddress
    private let network: HostNetwork
    private let index: Int
    private var namespace: FileDescriptor?

    fileprivate init(
        _ network: HostNetwork, _ index: Int, namespace: consuming FileDescriptor? = nil
    ) {
        self.network = network
        self.index = index
        self.namespace = namespace
        name = network.link(of: index)
        address = network.address(of: index)
    }

    /// A descriptor of its network namespace, -1 where it has none or was removed.
    public var namespaceNumber: Int32 {
        switch namespace {
        case .some(let open): open.rawValue
        case .none: -1
        }
    }

    /// The path by which other programs of this host find that.
    public var namespacePath: String { "/proc/\(getpid())/fd/\(namespaceNumber)" }

    /// Removes both ends; call when nobody uses them any more.
    public func remove() throws(LabError) {
        try network.removeLink(of: index)
        namespace = nil
    }
}

extension RunContext {
    /// For an engine that is being prepared.
    /// - Throws: the reason why its command can't have the network that it is to have.
    public func requireNetwork() throws(LabError) {
        if command?.network != nil { _ = try network?.get() }
    }

    /// The network that an instance is to be linked to; nil where it has none.
    /// - Throws: the reason why there is none to be had.
    public func network(of request: LaunchRequest) throws(LabError) -> HostNetwork? {
        guard request.command?.network == .bridge else { return nil }
        guard let network else {
            throw LabError(.software, "an instance was to have a network, and its run has none")
        }
        return try network.get()
    }
}
