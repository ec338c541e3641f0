import LabCore
import Translations

/// The checks as people read them.
struct DoctorText {
    let text: Catalogue

    /// One line for each check, with its remedy and what it disables below it, and a last line that counts.
    func table(_ checks: [DoctorCheck]) -> String {
        let titles = checks.map { text.translated($0.title) }
        let width = titles.map { Columns.count($0) }.max() ?? 0
        var lines: [String] = []
        for (check, title) in zip(checks, titles) {
            let detail = text.translated(check.detail)
            lines.append("\(word(check.status))  \(Columns.padded(title, to: width))  \(detail)")
            if let remedy = check.remedy { lines.append("      \(text.remedy(text.translated(remedy)))") }
            if !check.disables.isEmpty {
                let lost = check.disables.map(text.translated)
                lines.append("      " + text.pick("disables: ", "因此不可用：") + text.items(lost))
            }
        }
        let counts = DoctorCheck.Status.allCases.compactMap { status -> String? in
            let count = checks.count { $0.status == status }
            guard count > 0 else { return nil }
            return text.pick("\(count) \(status.rawValue)", "\(word(status)) \(count) 项")
        }
        return (lines + ["", text.items(counts)]).joined(separator: "\n")
    }

    /// All fill four columns.
    private func word(_ status: DoctorCheck.Status) -> String {
        switch status {
        case .pass: text.pick("PASS", "通过")
        case .warn: text.pick("WARN", "警告")
        case .fail: text.pick("FAIL", "失败")
        case .skip: text.pick("SKIP", "跳过")
        }
    }
}

extension Catalogue {
    /// Items that are listed and are no sentence.
    func items(_ items: [String]) -> String { items.joined(separator: pick(", ", "、")) }
}
