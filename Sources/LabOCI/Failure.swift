import Glibc
import LabCore

/// An error in the words that runc has for it: engines read them, podman to tell 126 from 127, so that they are the same in
/// every language.
struct Failure: Error {
    let text: String
    /// The exit status of a command that ends with it.
    var status: Int32 = 1

    init(_ text: String, status: Int32 = 1) { (self.text, self.status) = (text, status) }

    init(_ text: String, _ error: Errno) { self.text = "\(text): \(error.words)" }

    /// What config.json asks for and this runtime does not do: never passed over.
    static func unsupported(_ word: String) -> Failure {
        Failure(
            "\(ForeignText.line(word, most: 400)) is not supported by lab-oci; leave it out of config.json")
    }
}

extension Errno {
    /// As Go writes it.
    var words: String { description.lowercased() }
}

extension Error {
    /// Whatever was thrown here, as one line.
    var words: String {
        switch self {
        case let failure as Failure: failure.text
        case let error as LabError: "\(error)".split(separator: "\n").joined(separator: " ")
        case let error as Errno: error.words
        default: "\(self)"
        }
    }
}

/// Where errors and warnings go: standard error, and the file of `--log`, in logrus' two forms, which is what reads them.
struct Log {
    var path: String?
    var isJSON = false
    var isDebugging = false

    func error(_ text: String) { write("error", text) }
    func warning(_ text: String) { write("warning", text) }

    private func write(_ level: String, _ text: String) {
        let time = RFC3339.text(Int(time(nil)))
        let line: String
        if isJSON {
            line = "{\"level\":\"\(level)\",\"msg\":\(Self.quoted(text)),\"time\":\"\(time)\"}\n"
        } else {
            line = "time=\"\(time)\" level=\(level) msg=\(Self.quoted(text))\n"
        }
        if let path {
            // As runc: whoever reads a log may have nobody at standard error, and the other way round.
            if level == "error" { Self.put("\(ForeignText.line(text, most: 4_000))\n", to: STDERR_FILENO) }
            guard let file = try? FileDescriptor.open(path, O_WRONLY | O_CREAT | O_APPEND) else { return }
            Self.put(line, to: file.rawValue)
        } else {
            Self.put(line, to: STDERR_FILENO)
        }
    }

    private static func put(_ text: String, to descriptor: Int32) {
        var text = text
        // There is nobody to tell when even this fails.
        _ = text.withUTF8 { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case ..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
