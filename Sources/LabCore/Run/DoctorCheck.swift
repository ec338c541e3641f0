/// One capability of this machine, proved by using it.
public struct DoctorCheck: Codable, Equatable, Sendable {
    public enum Status: String, Codable, Sendable, CaseIterable {
        /// It was used and worked.
        case pass
        /// It works, or something else stands in for it, and figures or labs are the poorer.
        case warn
        /// It was tried and did not work.
        case fail
        /// It was not tried, because something it needs is missing.
        case skip
    }

    /// Stable, for scripts: `namespace-pid`, `engine-qemu`.
    public var id: String
    public var title: String
    public var status: Status
    /// What was seen: a version, a time, or the error.
    public var detail: String
    /// One thing that helps; nil when nothing is wrong or nothing helps.
    public var remedy: String?
    /// Labs or engines that can't run because of it.
    public var disables: [String]

    public init(
        id: String, title: String, status: Status, detail: String, remedy: String? = nil,
        disables: [String] = []
    ) {
        self.id = id
        self.title = title
        self.status = status
        self.detail = detail
        self.remedy = remedy
        self.disables = disables
    }

    /// A check that uses something: passes with the detail that `use` returns, fails with the error it throws.
    ///
    /// After a signal nothing more is tried.
    public static func proving(
        _ id: String, _ title: String, disables: [String] = [], _ use: () throws(LabError) -> String
    ) -> DoctorCheck {
        do {
            try Interrupt.ofProcess.check()
            return DoctorCheck(id: id, title: title, status: .pass, detail: try use())
        } catch {
            let detail = error.reason
            return DoctorCheck(
                id: id, title: title, status: .fail, detail: detail, remedy: error.remedy, disables: disables)
        }
    }
}
