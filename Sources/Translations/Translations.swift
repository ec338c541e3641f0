import LabCore

/// Texts that are made deep down, where nobody knows who reads them: errors, checks, warnings, footnotes. They are
/// English in code and in results, and translated where they are shown, by the English text as the key.
extension Catalogue {
    /// `english` in this catalogue's language. What is filled into a known sentence is translated by itself; what
    /// nobody knows, such as the words of the kernel or libvirt, stays as it is.
    public func translated(_ english: String) -> String {
        language == .english ? english : Translator.chinese.translateAlone(english)
    }

    /// The same error, its words in this catalogue's language.
    public func translated(_ error: LabError) -> LabError {
        LabError(
            error.kind, translated(error.message), cause: error.cause.map(translated),
            remedy: error.remedy.map(translated))
    }

    /// What was being done and why it failed, without the remedy.
    public func reason(_ error: LabError) -> String {
        let error = translated(error)
        return error.cause.map { pick("\(error.message): \($0)", "\(error.message)：\($0)") } ?? error.message
    }
}

/// From English into one other language.
struct Translator: Sendable {
    static let chinese = Translator(Texts.all, words: Texts.words.map { (en: $0.key, zh: $0.value) })

    /// Names that are translated only where they stand alone.
    private let words: [String: String]
    /// Sentences without holes.
    private let whole: [String: String]
    /// The others, the surest first; ends of sentences by themselves.
    private let sentences: [Template]
    private let endings: [Template]

    /// Where a text that is not known is cut, so that its parts can be looked up: cause after message, a remark after
    /// a fact, items of a list.
    private static let cuts = [(": ", "："), ("; ", "；"), (", ", "，")]

    init(_ texts: [(en: String, zh: String)], words: [(en: String, zh: String)] = []) {
        self.words = Dictionary(words.map { ($0.en, $0.zh) }, uniquingKeysWith: { first, _ in first })
        whole = Dictionary(
            texts.filter { !$0.en.contains("{}") }.map { ($0.en, $0.zh) },
            uniquingKeysWith: { first, _ in first })
        let templates = texts.map { Template($0.en, $0.zh) }
        sentences = templates.filter { !$0.isEnding && $0.holes > 0 }.sorted { $0.weight > $1.weight }
        endings = templates.filter(\.isEnding).sorted { $0.weight > $1.weight }
    }

    /// A whole text, as it is when nothing of it is known.
    func translateAlone(_ english: String) -> String { words[english] ?? translate(english) ?? english }

    /// Longer texts and deeper nesting are no sentences of ours: a hostile result must not keep a report waiting.
    private static let mostBytes = 1_024
    private static let deepest = 12
    private static let mostLines = 32

    /// Nil when nothing of it is known.
    func translate(_ english: String, depth: Int = 0) -> String? {
        guard depth < Self.deepest, english.utf8.contains(where: { (0x61...0x7a).contains($0 | 0x20) }) else {
            return nil
        }
        if let known = whole[english] { return known }
        guard english.utf8.count <= Self.mostBytes else { return byLines(english, depth) }
        // A cause behind a sentence that is known, before a shorter sentence takes all of it for what it is about.
        if let known = byKnownStart(english, depth) { return known }
        let bytes = Array(english.utf8)
        for templates in [endings, sentences] {
            for template in templates {
                if let words = template.match(bytes) {
                    return template.filled(with: words.map { translate($0, depth: depth + 1) ?? $0 })
                }
            }
        }
        return byLines(english, depth) ?? byParts(english, depth)
    }

    /// Line by line, each with its indentation.
    private func byLines(_ text: String, _ depth: Int) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count <= Self.mostLines else { return nil }
        guard lines.count > 1 else {
            let trimmed = text.drop { $0 == " " }
            guard trimmed.count < text.count else { return nil }
            return translate(String(trimmed), depth: depth + 1).map {
                text.prefix(text.count - trimmed.count) + $0
            }
        }
        let translated = lines.map { translate(String($0), depth: depth + 1) }
        guard translated.contains(where: { $0 != nil }) else { return nil }
        return zip(lines, translated).map { $1 ?? String($0) }.joined(separator: "\n")
    }

    private func byKnownStart(_ text: String, _ depth: Int) -> String? {
        for (cut, joint) in Self.cuts {
            guard let range = text.firstRange(of: cut), let start = whole[String(text[..<range.lowerBound])]
            else { continue }
            let rest = String(text[range.upperBound...])
            return start + joint + (translate(rest, depth: depth + 1) ?? rest)
        }
        return nil
    }

    /// Cut in two where the first of the cuts is.
    private func byParts(_ text: String, _ depth: Int) -> String? {
        let places = Self.cuts.compactMap { cut, joint in text.firstRange(of: cut).map { ($0, cut, joint) } }
        guard let (range, cut, joint) = places.min(by: { $0.0.lowerBound < $1.0.lowerBound }) else {
            return nil
        }
        let (left, right) = (String(text[..<range.lowerBound]), String(text[range.upperBound...]))
        let (first, second) = (translate(left, depth: depth + 1), translate(right, depth: depth + 1))
        if first == nil && second == nil { return nil }
        return (first ?? left) + (first == nil ? cut : joint) + (second ?? right)
    }
}
