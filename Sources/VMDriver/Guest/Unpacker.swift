import CArchive
import LabCore

/// Unpacks the kernel proper from a bzImage, whatever it was compressed with, by libarchive(3).
enum Unpacker {
    /// More than any kernel has: a guard against a length that is not one.
    private static let mostBytes = 512 << 20

    /// The ELF file in a bzImage's payload; nil when it was compressed in a way that libarchive doesn't know.
    ///
    /// The payload ends with the length of what it unpacks to, 32 bits little-endian (scripts/Makefile.lib in
    /// Linux, size_append; for gzip it is the format's own ISIZE).
    static func unpack(_ payload: [UInt8]) -> [UInt8]? {
        let length = payload.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard payload.count > 4, length > 0, length <= mostBytes, let reader = archive_read_new() else {
            return nil
        }
        defer { archive_read_free(reader) }
        archive_read_support_filter_all(reader)
        archive_read_support_format_raw(reader)
        let isGzip = payload.starts(with: [0x1f, 0x8b])
        let packedLength = isGzip ? payload.count : payload.count - 4
        return payload.withUnsafeBytes { packed -> [UInt8]? in
            guard archive_read_open_memory(reader, packed.baseAddress, packedLength) == ARCHIVE_OK else {
                return nil
            }
            var entry: OpaquePointer?
            guard archive_read_next_header(reader, &entry) == ARCHIVE_OK else { return nil }
            let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
                filled = 0
                while filled < length {
                    let room = buffer.baseAddress.map { $0 + filled }
                    let got = archive_read_data(reader, room, length - filled)
                    guard got > 0 else { break }
                    filled += got
                }
            }
            return bytes.count == length ? bytes : nil
        }
    }

    /// The whole of a file that was compressed in a way that libarchive knows; nil when it was not, or is damaged.
    static func expand(_ packed: [UInt8]) -> [UInt8]? {
        guard let reader = archive_read_new() else { return nil }
        defer { archive_read_free(reader) }
        archive_read_support_filter_all(reader)
        archive_read_support_format_raw(reader)
        return packed.withUnsafeBytes { bytes -> [UInt8]? in
            guard archive_read_open_memory(reader, bytes.baseAddress, bytes.count) == ARCHIVE_OK else {
                return nil
            }
            var entry: OpaquePointer?
            // Filter 0 is the outermost; a file without any is no compressed one.
            guard archive_read_next_header(reader, &entry) == ARCHIVE_OK,
                archive_filter_code(reader, 0) != ARCHIVE_FILTER_NONE
            else { return nil }
            var whole: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while whole.count <= mostBytes {
                let got = archive_read_data(reader, &buffer, buffer.count)
                if got == 0 { return whole }
                guard got > 0 else { return nil }
                whole += buffer.prefix(got)
            }
            return nil
        }
    }
}
