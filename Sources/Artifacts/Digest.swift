import Crypto
import LabCore

/// SHA-256 digests as lower-case hex (FIPS 180-4).
public enum Digest {
    public static func sha256(_ bytes: some Sequence<UInt8>) -> String {
        hex(sha256Bytes(bytes))
    }

    /// The digest itself.
    public static func sha256Bytes(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        Array(SHA256.hash(data: Array(bytes)))
    }

    /// The digest of a file's bytes, read in pieces.
    public static func sha256(file path: String) throws(LabError) -> String {
        var digest = Digest.Stream()
        do {
            let file = try FileDescriptor.openRegular(path)
            while true {
                let chunk = try file.read(upTo: 1 << 20)
                if chunk.isEmpty { return digest.end() }
                digest.add(chunk)
            }
        } catch {
            throw Files.unreadable(path, error)
        }
    }

    /// A digest of bytes that come in pieces.
    public struct Stream {
        private var hash = SHA256()
        public init() {}

        public mutating func add(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }
        public mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

        /// The digest of what was added; more may be added then.
        public func end() -> String { Digest.hex(hash.finalize()) }
    }

    fileprivate static func hex(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in digest { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
