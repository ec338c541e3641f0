/// Parts the records of lab-guest from what its kernel prints, where one console carries both.
///
/// Each record begins with RS (U+001E), which is in no message of a kernel's, and ends with its LF, as in RFC 7464. A
/// message that the kernel prints into the middle of a record breaks it, and the record's reader says so.
struct ConsoleSplitter {
    /// The byte that the guest puts before each record.
    static let recordSeparator: UInt8 = 0x1e

    private var isInRecord = false

    /// Hands over the bytes, in order: each run of them to the one that it belongs to.
    mutating func split(
        _ bytes: ArraySlice<UInt8>, console: (ArraySlice<UInt8>) -> Void, records: (ArraySlice<UInt8>) -> Void
    ) {
        var rest = bytes
        while !rest.isEmpty {
            if isInRecord {
                let end = rest.firstIndex(of: 0x0a)
                records(rest[..<(end.map { $0 + 1 } ?? rest.endIndex)])
                isInRecord = end == nil
                rest = rest[(end.map { $0 + 1 } ?? rest.endIndex)...]
            } else {
                let start = rest.firstIndex(of: Self.recordSeparator)
                let text = rest[..<(start ?? rest.endIndex)]
                if !text.isEmpty { console(text) }
                isInRecord = start != nil
                rest = rest[(start.map { $0 + 1 } ?? rest.endIndex)...]
            }
        }
    }
}
