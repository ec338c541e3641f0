import Artifacts
import CArchive
import Glibc
import LabCore
import OCI

/// What an archive may be, and what may come out of it.
package struct LayerLimits: Sendable {
    package var entries = 500_000
    /// Of the archive when it is unpacked, and of all its files as `stat` has them: holes count as zeros.
    package var bytes: UInt64 = 32 << 30
    /// Bytes for each byte that was read, looked at once more than `free` bytes came out. Layers have 2 to 20; deflate
    /// itself ends at 1,032.
    package var ratio: UInt64 = 250
    package var free: UInt64 = 64 << 20
    package init() {}
}

/// A blob that is read from a file and hashed on its way: what libarchive's first reader reads.
final class BlobSource {
    private let file: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
    private var digest = Digest.Stream()
    private(set) var bytes: UInt64 = 0
    private(set) var failure: LabError?
    private let name: String

    /// - Parameter file: open as long as this lives.
    init(_ file: borrowing FileDescriptor, name: String) {
        self.file = file.rawValue
        self.name = name
    }

    deinit { buffer.deallocate() }

    /// The next bytes; none at the end, nil when `failure` says why.
    func next() -> UnsafeRawBufferPointer? {
        do throws(Errno) {
            let count = try checked { Glibc.read(file, buffer.baseAddress, buffer.count) }
            let read = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            digest.add(read)
            bytes += UInt64(count)
            return read
        } catch {
            failure = LabError(.input, "cannot read \(name)", cause: error)
            return nil
        }
    }

    /// Reads what nobody asked for, and checks all of it.
    /// - Throws: `.data` when it is not what its descriptor says.
    func finish(_ expected: Descriptor) throws(LabError) {
        while let rest = next(), !rest.isEmpty {}
        if let failure { throw failure }
        guard digest.end() == expected.digest.hex, bytes == UInt64(clamping: expected.size) else {
            throw LabError(
                .data, "the blob \(expected.digest) is damaged",
                cause: "its \(Int(bytes)) bytes are not those that its digest is of",
                remedy: "remove the image, then import or pull it again")
        }
    }
}

/// A layer as it comes out of its compression, hashed on its way: what libarchive's second reader reads.
final class ExpandedStream {
    private let source: BlobSource
    private let reader: OpaquePointer
    private let limits: LayerLimits
    private var digest = Digest.Stream()
    private var bytes: UInt64 = 0
    private(set) var isEnded = false
    private(set) var failure: LabError?

    init(_ source: BlobSource, _ limits: LayerLimits) throws(LabError) {
        guard let reader = archive_read_new() else { throw Archive.exhausted }
        self.source = source
        self.reader = reader
        self.limits = limits
        archive_read_support_filter_gzip(reader)
        archive_read_support_filter_zstd(reader)
        archive_read_support_format_raw(reader)
        archive_read_support_format_empty(reader)
        let client = Unmanaged.passUnretained(source).toOpaque()
        guard
            archive_read_open(
                reader, client, nil,
                { _, client, place in
                    guard let client, let place else { return -1 }
                    let source = Unmanaged<BlobSource>.fromOpaque(client).takeUnretainedValue()
                    guard let bytes = source.next() else { return -1 }
                    place.pointee = bytes.baseAddress
                    return bytes.count
                }, nil) == ARCHIVE_OK
        else { throw Self.failure(source, reader) }
        var entry: OpaquePointer?
        let code = archive_read_next_header(reader, &entry)
        guard code == ARCHIVE_OK || code == ARCHIVE_EOF else { throw Self.failure(source, reader) }
        isEnded = code == ARCHIVE_EOF
        // The last filter is none. One that is packed twice would be a way around the ratio.
        guard archive_filter_count(reader) <= 2 else {
            throw LabError(.data, "cannot unpack a layer", cause: "it is compressed more than once")
        }
    }

    deinit { archive_read_free(reader) }

    /// The next bytes; none at the end, nil when `failure` says why.
    func next() -> UnsafeRawBufferPointer? {
        if isEnded { return UnsafeRawBufferPointer(start: nil, count: 0) }
        var block: UnsafeRawPointer?
        var count = 0
        var offset: la_int64_t = 0
        switch archive_read_data_block(reader, &block, &count, &offset) {
        case ARCHIVE_OK:
            let read = UnsafeRawBufferPointer(start: block, count: count)
            digest.add(read)
            bytes += UInt64(count)
            if bytes > limits.bytes {
                failure = LayerLimits.refusal(
                    "it unpacks to more than \(Units.format(bytes: limits.bytes))")
            } else if bytes > limits.free, bytes / limits.ratio > source.bytes {
                failure = LayerLimits.refusal(
                    "each byte of it unpacks to more than \(Int(limits.ratio)), as no real files do")
            }
            return failure == nil ? read : nil
        case ARCHIVE_EOF:
            isEnded = true
            return UnsafeRawBufferPointer(start: nil, count: 0)
        default:
            failure = Self.failure(source, reader)
            return nil
        }
    }

    /// Reads what follows the archive's end, and checks all of it.
    /// - Throws: `.data` when it is not what the image's configuration says.
    func finish(_ expected: BlobDigest) throws(LabError) {
        while let rest = next(), !rest.isEmpty {}
        if let failure { throw failure }
        guard digest.end() == expected.hex else {
            throw LabError(
                .data, "cannot unpack a layer",
                cause: "what is in it has not the digest \(expected) that the image's configuration names",
                remedy: ImageLimits.remedy)
        }
    }

    private static func failure(_ source: BlobSource, _ reader: OpaquePointer) -> LabError {
        source.failure ?? Archive.failure(reader)
    }
}

extension LayerLimits {
    static func refusal(_ cause: Message) -> LabError {
        LabError(
            .data, "cannot unpack a layer", cause: cause,
            remedy: "use an image of whose origin you are sure, or leave out of it what is not needed")
    }
}

/// What libarchive says.
enum Archive {
    static let exhausted = LabError(.software, "libarchive has no memory")

    static func failure(_ archive: OpaquePointer) -> LabError {
        let words = archive_error_string(archive).map { String(cString: $0) } ?? ""
        return LabError(
            .data, "cannot unpack a layer", cause: "\(ForeignText.line(words, most: 200))",
            remedy: ImageLimits.remedy)
    }
}
