import LabCore

/// The checks as people read them.
enum DoctorText {
    /// One line for each check, with its remedy and what it disables below it, and a last line that counts.
    static func table(_ checks: [DoctorCheck]) -> String {
        let width = checks.map(\.title.count).max() ?? 0
        var lines: [String] = []
        for check in checks {
            let padding = String(repeating: " ", count: width - check.title.count)
            lines.append("\(check.status.rawValue.uppercased())  \(check.title)\(padding)  \(check.detail)")
            if let remedy = check.remedy { lines.append("      remedy: \(remedy)") }
            if !check.disables.isEmpty {
                lines.append("      disables: \(check.disables.joined(separator: ", "))")
            }
        }
        let counts = DoctorCheck.Status.allCases.compactMap { status -> String? in
            let count = checks.count { $0.status == status }
            return count == 0 ? nil : "\(count) \(status.rawValue)"
        }
        return (lines + ["", counts.joined(separator: ", ")]).joined(separator: "\n")
    }
}
