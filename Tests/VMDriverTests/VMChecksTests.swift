import LabCore
import Testing

@testable import VMDriver

@Suite struct VMChecksTests {
    @Test(.enabled(if: Bench.shared.obstacle == nil, "skipped: no guest boots on this machine"))
    func whereGuestsBootTheirPartsPass() {
        let checks = VMChecks.all(paths: Bench.shared.paths)
        #expect(checks.map(\.id) == ["kvm-device", "guest-kernel", "libvirt"])
        for check in checks.dropFirst() { #expect(check.status == .pass, "\(check.id): \(check.detail)") }
        #expect(checks[2].detail.english.contains("libvirt ") && checks[2].detail.english.contains("QEMU "))
    }

    @Test func theDeviceFailsOnlyAsAWarning() {
        let device = VMChecks.all(paths: Bench.shared.paths).first { $0.id == "kvm-device" }
        #expect(device?.status == .pass || device?.status == .warn)
        #expect(device?.status == .pass || device?.disables.map(\.english) == ["kvm"])
    }
}
