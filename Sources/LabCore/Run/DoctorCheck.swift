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
    public var title: Message
    public var status: Status
    /// The observation: a version, a time, or the error.
    public var detail: Message
    /// One thing that helps; nil when nothing is wrong or nothing helps.
    public var remedy: Message?
    /// Labs or engines that can't run because of it.
    public var disables: [Message]

    public init(
        id: String, title: Message, status: Status, detail: Message, remedy: Message? = nil,
        disables: [Message] = []
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
        _ id: String, _ title: Message, disables: [Message] = [], _ use: () throws(LabError) -> Message
    ) -> DoctorCheck {
        do {
            try Interrupt.ofProcess.check()
            return DoctorCheck(id: id, title: title, status: .pass, detail: try use())
        } catch {
            return DoctorCheck(
                id: id, title: title, status: .fail, detail: error.reason, remedy: error.remedy,
                disables: disables)
        }
    }
}
