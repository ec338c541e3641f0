import FoundationEssentials
import LabCore
import OCI

/// The image specification's values as JSON.
enum SpecText {
    /// - Parameter name: what errors call it.
    /// - Throws: `.data` for what is no JSON or no such value, saying where in it.
    static func decode<Value: Decodable>(
        _ type: Value.Type, _ json: [UInt8], of name: String
    ) throws(LabError) -> Value {
        func refused(_ cause: String) -> LabError {
            LabError(
                .data, "cannot read \(ForeignText.line(name, most: 400))",
                cause: "\(ForeignText.line(cause, most: 400))", remedy: ImageLimits.remedy)
        }
        do {
            return try JSONDecoder().decode(type, from: Data(json))
        } catch let error as DecodingError {
            throw refused(error.place)
        } catch {
            throw refused("\(error)")
        }
    }

    /// Sorted, so that the same value gives the same bytes.
    static func encode(_ value: some Encodable) throws(LabError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
        } catch {
            throw LabError(.software, "cannot write JSON", cause: "\(error)")
        }
    }
}

extension ImageManifest {
    /// Reads a manifest.
    /// - Parameter name: what errors call it.
    /// - Throws: `.data` for what is none, or is beyond `ImageLimits`.
    package init(json: [UInt8], of name: String) throws(LabError) {
        self = try SpecText.decode(ImageManifest.self, json, of: name)
        func refuse(_ cause: Message) -> LabError {
            LabError(
                .data, "cannot use the image \(ForeignText.line(name, most: 400))", cause: cause,
                remedy: ImageLimits.remedy)
        }
        guard schemaVersion == 2 else { throw refuse("its schema is version \(schemaVersion), and not 2") }
        guard layers.count <= ImageLimits.mostLayers else {
            throw refuse(
                "it has \(layers.count) layers, and at most \(ImageLimits.mostLayers) can be stacked")
        }
        for blob in layers + [config] where !(0...ImageLimits.mostBlob).contains(blob.size) {
            throw refuse("its blob \(blob.digest) has \(Int(blob.size)) bytes")
        }
        for layer in layers where !MediaType.layers.contains(layer.mediaType) {
            throw refuse("a layer of it is of the kind \(ForeignText.quoted(layer.mediaType))")
        }
    }
}

extension ImageIndex {
    /// Reads an index.
    /// - Throws: `.data` for what is none.
    package init(json: [UInt8], of name: String) throws(LabError) {
        self = try SpecText.decode(ImageIndex.self, json, of: name)
    }
}

extension ImageSpec {
    /// Reads the configuration of an image with so many layers.
    /// - Throws: `.data` for what is none, or has not one digest for each layer.
    package init(json: [UInt8], of name: String, layers: Int) throws(LabError) {
        self = try SpecText.decode(ImageSpec.self, json, of: name)
        guard rootfs.diffIDs.count == layers else {
            throw LabError(
                .data, "cannot use the image \(ForeignText.line(name, most: 400))",
                cause: "it has \(layers) layers and \(rootfs.diffIDs.count) digests of layers",
                remedy: ImageLimits.remedy)
        }
    }
}

extension DecodingError {
    /// The error and its place: `layers.0.size: …`.
    fileprivate var place: String {
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
