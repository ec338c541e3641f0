import Glibc
import LabCore
import Launch
import Testing

@testable import ContainerDriver

/// One after another, because what is left is looked for by the id of this process.
@Suite(.serialized) struct ContainerChecksTests {
    /// The checks with a home of their own, and what they left in it.
    private func checks() throws -> (checks: [DoctorCheck], left: [String]) {
        var template = Array("/tmp/lab-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(errno) }
        let home = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? Files.removeTree(home) }
        let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
        let checks = ContainerChecks.all(paths: paths)
        return (checks, Files.list(paths.journals) + Files.list("\(paths.state)/runs"))
    }

    private static let ids =
        Namespaces.named.map { "namespace-\($0.name)" } + ["overlay", "cgroup-limits", "seccomp"]

    @Test func eachPartHasItsCheckAndNothingIsLeft() throws {
        let (checks, left) = try checks()
        #expect(checks.map(\.id) == Self.ids)
        #expect(left.isEmpty, "\(left)")
        #expect(checks.allSatisfy { !$0.title.isEmpty && !$0.detail.isEmpty })
        let cgroups = grounds().flatMap { Files.list($0.directory) }
        #expect(!cgroups.contains { $0.hasPrefix("lab-doctor-\(getpid())-") })
    }

    @Test(.enabled(if: geteuid() == 0, "skipped: only root can use every part"), arguments: ids)
    func rootCanUse(id: String) throws {
        let check = try #require(try checks().checks.first { $0.id == id })
        #expect(check.status == .pass, "\(check.detail)")
        #expect(check.remedy == nil && check.disables.isEmpty)
    }

    /// Whatever is refused, the check says what and why, and the containers that can't run are named or a warning
    /// stands for them.
    @Test("a state that cannot be written is a failure with its cause")
    func anUnwritableStateIsAFailure() throws {
        let checks = ContainerChecks.all(paths: LabPaths(cache: "/dev/null/cache", state: "/dev/null/state"))
        let overlay = try #require(checks.first { $0.id == "overlay" && $0.status != .skip })
        #expect(overlay.status == .fail && overlay.disables.map(\.english) == ["container"])
        #expect(overlay.detail.english.contains("Not a directory"), "\(overlay.detail)")
    }
}
