/// A named point in the life of an instance, stamped by the host. Ordered as they happen.
public struct Mark: RawRepresentable, Codable, Hashable, Sendable, ExpressibleByStringLiteral {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { rawValue = value }

    /// The engine was asked for an instance. Always 0: every other mark counts from here.
    public static let requested: Mark = "requested"
    /// The process or VMM exists: clone or virDomainCreateXML has returned.
    public static let created: Mark = "created"
    /// The first byte that the guest's kernel sent to its console arrived (VMs only).
    public static let kernelEntered: Mark = "kernel-entered"
    /// The record `init` of `lab-guest` arrived: its `main` runs.
    public static let initStarted: Mark = "init"
    /// The record `ready` arrived: the workload is set up.
    public static let ready: Mark = "ready"
    /// The first record `output` arrived.
    public static let firstOutput: Mark = "first-output"
    /// The guest's end was seen: the process was reaped, or the record `exit` of a VM arrived.
    public static let exited: Mark = "exited"
    /// Nothing of the instance is left on the host.
    public static let cleanedUp: Mark = "cleaned-up"

    /// Every mark in the order in which a complete life passes them.
    public static let inOrder: [Mark] = [
        .requested, .created, .kernelEntered, .initStarted, .ready, .firstOutput, .exited, .cleanedUp,
    ]
}

/// The marks of one instance as offsets from `requested`, on the host's `CLOCK_MONOTONIC`.
public struct Timeline: Codable, Equatable, Sendable {
    /// Nanoseconds from `requested` to each mark that was reached.
    public private(set) var nanoseconds: [Mark: UInt64]

    public init() { nanoseconds = [:] }

    /// Records `mark` unless it was reached before: the first time counts.
    public mutating func stamp(_ mark: Mark, at instant: MonotonicInstant, since requested: MonotonicInstant)
    {
        if nanoseconds[mark] == nil { nanoseconds[mark] = instant.nanoseconds(since: requested) }
    }

    public subscript(mark: Mark) -> UInt64? { nanoseconds[mark] }

    /// Nanoseconds between two marks, nil when either was not reached or they are out of order.
    public func span(from: Mark, to: Mark) -> UInt64? {
        guard let start = nanoseconds[from], let end = nanoseconds[to], end >= start else { return nil }
        return end - start
    }

    /// The last mark that was reached, for error messages.
    public var last: Mark? { Mark.inOrder.last { nanoseconds[$0] != nil } }

    public init(from decoder: any Decoder) throws {
        let raw = try decoder.singleValueContainer().decode([String: UInt64].self)
        nanoseconds = Dictionary(uniqueKeysWithValues: raw.map { (Mark(rawValue: $0.key), $0.value) })
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(
            Dictionary(uniqueKeysWithValues: nanoseconds.map { ($0.key.rawValue, $0.value) }))
    }
}
