import Glibc

/// The names of a run's network interfaces. The kernel allows 15 bytes, too few for a run's id: they have a digest of it, and
/// the id stands in the interface's alias, where ip-link(8) shows it.
struct LinkNames {
    private let prefix: String
    /// What the alias of each is.
    let alias: String

    init(_ runID: String) {
        prefix = "lab\(Self.digits(runID))"
        alias = "lab-\(runID)"
    }

    private static func digits(_ runID: String) -> String { String(runID.shortHash.prefix(8)) }

    /// The same as a number.
    static func seed(_ runID: String) -> UInt32 { UInt32(digits(runID), radix: 16) ?? 0 }

    var bridge: String { "\(prefix)b" }

    /// The host's end of an instance's link: three digits of base 36, of which a run's block of addresses needs no more.
    func link(_ number: Int) -> String {
        "\(prefix)n\(String(number % 46_656, radix: 36).zeroPadded(to: 3))"
    }

    /// True when a run's interface may be called so.
    func owns(_ name: String) -> Bool {
        if name == bridge { return true }
        guard name.hasPrefix("\(prefix)n"), name.utf8.count == 15 else { return false }
        return name.utf8.suffix(3).allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }
    }
}

/// The interfaces of runs, as a journal names them.
public enum NetworkLinks {
    /// Removes one; what is gone already is no error.
    /// - Throws: `.data` for one that this run did not make, and then nothing is changed.
    public static func remove(_ name: String, of run: RunPlaces) throws(LabError) {
        let names = LinkNames(run.runID)
        guard names.owns(name) else { throw run.stranger(.link, name) }
        guard if_nametoindex(name) != 0 else { return }
        // A run that was killed may have made it and not have come to its alias.
        let alias = Files.line("/sys/class/net/\(name)/ifalias") ?? ""
        guard alias.isEmpty || alias == names.alias else { throw run.stranger(.link, name) }
        try IPTool.find().delete(name)
    }
}
