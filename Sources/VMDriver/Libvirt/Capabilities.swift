import LabCore

/// The domains that a connection can run, as its driver says: https://libvirt.org/formatcaps.html.
struct Capabilities: Equatable, Sendable {
    /// A kind of machine that guests can be given.
    struct Guest: Equatable, Sendable {
        /// `hvm` for a whole machine, `xen` for a paravirtual one of Xen's, `exe` for a container.
        var system: String
        /// Of the processor, for example `x86_64`.
        var architecture: String
        /// Domain types.
        var types: [String]
        /// Machines, for example `q35`; empty where the driver names none.
        var machines: [String]
    }
    var guests: [Guest] = []
    /// The user that runs each guest's process; nil where libvirt doesn't change it.
    var user: UInt32?
    /// The rate of the host's time-stamp counter; nil where libvirt doesn't know.
    var timeStampKilohertz: UInt64?

    private static let mostEntries = 1_000

    /// - Throws: `.data` when it is not XML.
    init(xml: String) throws(LabError) {
        let tree = try XMLTree(xml, "what the connection says of itself")
        for place in 1..<(1 + min(tree.count("/capabilities/guest"), Self.mostEntries)) {
            let guest = "/capabilities/guest[\(place)]"
            guard let system = tree.all("\(guest)/os_type").first,
                let architecture = tree.all("\(guest)/arch/@name").first
            else { continue }
            guests.append(
                Guest(
                    system: Self.word(system), architecture: Self.word(architecture),
                    types: tree.all("\(guest)/arch/domain/@type").prefix(Self.mostEntries).map(Self.word),
                    machines: tree.all("\(guest)/arch//machine | \(guest)/arch//machine/@canonical")
                        .prefix(Self.mostEntries).map(Self.word)))
        }
        // `+64055:+106`, user and group.
        let label = tree.all("/capabilities/host/secmodel[model='dac']/baselabel").first
        user = label?.split(separator: ":").first.flatMap { UInt32($0.drop { $0 == "+" }) }
        timeStampKilohertz = tree.all("/capabilities/host/cpu/counter[@name='tsc']/@frequency").first
            .flatMap { UInt64($0) }.map { $0 / 1_000 }
    }

    /// At most so much of a name, and safe on any terminal.
    private static func word(_ text: String) -> String { GuestTranscript.printable(text.utf8.prefix(64)) }

    /// The domain types that run on a processor like this one, sorted.
    var types: [String] {
        Set(guests.filter { $0.architecture == "x86_64" }.flatMap(\.types)).sorted()
    }

    /// The kinds of machines of a domain type on a processor like this one.
    func guests(of type: DomainType) -> [Guest] {
        guests.filter { $0.architecture == "x86_64" && $0.types.contains(type.rawValue) }
    }

    /// Returns the reason why no domain of this type can run; nil when one can.
    func obstacle(to type: DomainType, at uri: String) -> LabError? {
        guard guests(of: type).isEmpty else { return nil }
        let offered = types.joined(separator: ", ")
        return LabError(
            .unavailable, "\(uri) runs no domains of type \(type.rawValue)",
            cause: offered.isEmpty ? "it offers none for x86_64" : "it offers those of type \(offered)",
            remedy: type == .xen
                ? XenHost.remedy
                : Set(types).isDisjoint(with: DomainType.allCases.map(\.rawValue))
                    ? "lab gives a guest its kernel directly, which libvirt does with the drivers of QEMU and Xen"
                    : nil)
    }
}
