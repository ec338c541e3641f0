/// The parts of a libvirt URI, `driver[+transport]://[user@][host][:port]/path[?query]`: https://libvirt.org/uri.html.
struct ConnectionURI: Equatable {
    /// `qemu`, `xen`, `esx`…
    let driver: String
    /// `ssh`, `tls`, `unix`…; nil where none is named.
    let transport: String?
    /// nil for this machine.
    let host: String?

    /// nil for what has no driver and no `://`.
    init?(_ text: String) {
        guard let colon = text.firstRange(of: "://") else { return nil }
        let scheme = text[..<colon.lowerBound].split(
            separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        guard let driver = scheme.first, !driver.isEmpty else { return nil }
        self.driver = String(driver)
        transport = scheme.count == 2 ? String(scheme[1]) : nil
        let authority = text[colon.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        // An address of IPv6 stands in brackets, its colons belong to it.
        let name =
            place.first == "["
            ? place.dropFirst().prefix { $0 != "]" } : place.prefix { $0 != ":" }
        host = name.isEmpty ? nil : String(name)
    }

    /// True when it is the driver, or the daemon, that this machine has for everybody: no transport is named.
    var isPlain: Bool { transport == nil && host == nil }
}
