/// Text made safe for XML 1.0 (https://www.w3.org/TR/xml/, sections 2.2 and 2.4), in content and in attributes alike.
///
/// White space other than the space becomes a character reference, so that a parser gives back the same text.
/// Characters that XML can't carry at all become U+FFFD.
func xmlEscaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "'": escaped += "&#39;"
        case "\"": escaped += "&quot;"
        case "\t", "\n", "\r": escaped += "&#\(scalar.value);"
        case "\u{0}"..<" ", "\u{fffe}", "\u{ffff}": escaped.unicodeScalars.append("\u{fffd}")
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped
}
