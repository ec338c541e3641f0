import CLinux

/// The software that emulates this machine's processor, as far as the machine can tell. Nothing that is timed on such a
/// machine says what hardware would take; a hypervisor that runs in it is real, and only its times are not.
public enum Emulator {
    /// QEMU without a hypervisor: its Tiny Code Generator translates every instruction.
    static let tcg = "QEMU TCG"

    /// The one under this machine; nil where the processor is real or doesn't tell.
    public static let current = find(
        signature: signature,
        model: CPUInfo((try? Files.readText("/proc/cpuinfo", limit: 4 << 20)) ?? "").model)

    /// The factor by which boots are waited for longer than on hardware. A VM under KVM takes 7–20 s in TCG, and one
    /// that emulates in turn 15–40 s.
    public static var patience: Int { patience(emulates: false) }

    /// The same for what goes on in a VM of this machine's.
    /// - Parameter emulates: whether the VM's processor is emulated.
    public static func patience(emulates: Bool) -> Int { current == nil && !emulates ? 1 : 4 }

    /// - Parameters:
    ///   - signature: the hypervisor's in CPUID leaf 0x40000000. Under a KVM that is nested in TCG it is KVM's.
    ///   - model: the processor's name, which such a KVM hands through. TCG's own is "QEMU TCG CPU version 2.5+".
    static func find(signature: String, model: String?) -> String? {
        signature == "TCGTCGTCGTCG" || model?.hasPrefix("QEMU TCG CPU") == true ? tcg : nil
    }

    /// Empty on bare metal and on processors that are not x86.
    private static var signature: String {
        var characters = [CChar](repeating: 0, count: 13)
        clinux_hypervisor_signature(&characters)
        return String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
