import CXML
import LabCore

/// A document that somebody else wrote, read by libxml2: nothing is fetched for it and no entity is expanded, and
/// libxml2's limits on size and depth hold.
struct XMLTree: ~Copyable {
    private let document: xmlDocPtr
    private let context: xmlXPathContextPtr

    /// - Throws: `.data` when it is not well-formed.
    init(_ text: String, _ what: Message) throws(LabError) {
        let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
        var text = text
        let document = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { bytes in
                xmlReadMemory(bytes.baseAddress, Int32(clamping: bytes.count), nil, "UTF-8", Int32(options))
            }
        }
        guard let document else { throw LabError(.data, "\(what) is not well-formed XML") }
        guard let context = xmlXPathNewContext(document) else {
            xmlFreeDoc(document)
            throw LabError(.data, "\(what) is not well-formed XML", cause: "out of memory")
        }
        self.document = document
        self.context = context
    }

    deinit {
        xmlXPathFreeContext(context)
        xmlFreeDoc(document)
    }

    /// The texts of all elements and attributes at an XPath, in the document's order.
    func all(_ path: String) -> [String] {
        guard let object = xmlXPathEvalExpression(path, context) else { return [] }
        defer { xmlXPathFreeObject(object) }
        guard let nodes = object.pointee.nodesetval else { return [] }
        return (0..<Int(nodes.pointee.nodeNr)).compactMap { place in
            guard let buffer = xmlBufferCreate() else { return nil }
            defer { xmlBufferFree(buffer) }
            guard xmlNodeBufGetContent(buffer, nodes.pointee.nodeTab[place]) == 0 else { return nil }
            return xmlBufferContent(buffer).map { String(cString: $0) }
        }
    }

    /// Returns the number of elements at a path.
    func count(_ path: String) -> Int { all(path).count }
}
