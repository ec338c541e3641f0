import FoundationEssentials
import LabCore
import OCI

extension SpecPart {
    /// The most of a file that is read: podman's are 20 KB.
    private static var most: Int { 4 << 20 }

    /// Reads a `config.json`, or a part of one.
    /// - Parameter path: what errors call it.
    /// - Throws: `.data` for what is no JSON or no specification, saying where in it.
    package init(json: [UInt8], of path: String) throws(LabError) {
        func refused(_ cause: Message) -> LabError {
            LabError(
                .data, "cannot read \(ForeignText.line(path, most: 400))",
                cause: cause,
                remedy: "write it as the OCI runtime specification has it, config.md")
        }
        guard json.count <= Self.most else { throw refused("it is larger than 4 MiB") }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(json))
        } catch let error as DecodingError {
            throw refused("\(ForeignText.line(error.place, most: 400))")
        } catch {
            throw refused("\(ForeignText.line("\(error)", most: 400))")
        }
    }
}

extension DecodingError {
    /// The error and its place: `process.rlimits.0.soft: …`.
    package var place: String {
        func text(_ context: Context, _ missing: (any CodingKey)? = nil) -> String {
            let keys = context.codingPath + (missing.map { [$0] } ?? [])
            let path = keys.map { $0.intValue.map { String($0) } ?? $0.stringValue }.joined(separator: ".")
            // Of a number that does not fit, only this tells which.
            let reason = context.underlyingError.map { " (\($0))" } ?? ""
            return (path.isEmpty ? "" : "\(path): ") + context.debugDescription + reason
        }
        return switch self {
        case .keyNotFound(let key, let context): text(context, key)
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            text(context)
        @unknown default: "\(self)"
        }
    }
}
