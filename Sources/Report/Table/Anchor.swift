/// Links within a document and to files beside it.
enum Anchor {
    /// The fragment that GitHub gives to a heading: lower case, a hyphen for each space, punctuation left out.
    static func of(heading: String) -> String {
        var anchor = ""
        for scalar in heading.lowercased().unicodeScalars {
            if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                anchor.unicodeScalars.append(scalar)
            } else if scalar == "-" || scalar == "_" {
                anchor.unicodeScalars.append(scalar)
            } else if scalar == " " {
                anchor += "-"
            }
        }
        return anchor
    }

    /// A path as the target of a link: every byte that could be anything but a part of a path is percent-encoded
    /// (RFC 3986, section 2.1), the colon of a scheme too; and two slashes at its start, which name a host, are one.
    static func path(_ path: String) -> String {
        var target = path.hasPrefix("/") ? "/" : ""
        for byte in path.drop(while: { $0 == "/" }).utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: target.append(Character(UnicodeScalar(byte)))
            case 0x2d, 0x2e, 0x2f, 0x5f, 0x7e: target.append(Character(UnicodeScalar(byte)))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                target += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return target
    }
}
