import Artifacts
import FoundationEssentials
import Glibc
import LabCore

/// A proof that a hypervisor works here, by booting a guest: that KVM opens doesn't mean that it runs a kernel.
struct HypervisorProbe {
    let record: EngineRecord
    let setup: VMSetup
    let context: RunContext

    /// A boot under emulation takes 2 s here; ten times as long on a slow and busy machine.
    private static let emulationLimit = Duration.seconds(60)

    func answer() throws(LabError) -> Availability {
        // Of another host's KVM its libvirt tells, and nothing that is kept here would notice a restart of it.
        guard setup.type == .kvm, setup.starter.usesKVMOfThisHost else {
            try setup.check()
            try setup.bring()
            return try boot(limit: Self.emulationLimit * Emulator.patience)
        }
        if let obstacle = KVMDevice.obstacle(daemon: setup.starter.isDaemon, user: setup.starter.user) {
            return obstacle
        }
        try setup.check()
        let cache = "\(context.paths.cache)/probe/kvm-\(key)"
        if let bytes = try? Files.read(cache),
            let known = try? JSONDecoder().decode(Availability.self, from: Data(bytes))
        {
            return known
        }
        try setup.bring()
        let answer = try boot(limit: setup.configuration.kvmProbeLimit * Emulator.patience)
        try Files.makeDirectory("\(context.paths.cache)/probe")
        if let text = try? JSONEncoder().encode(answer) { try Files.write(Array(text), to: cache) }
        return answer
    }

    /// Everything that the answer depends on: this boot of the host, its KVM modules, QEMU, and what is booted.
    private var key: String {
        let parts = [
            Files.line("/proc/sys/kernel/random/boot_id") ?? "", KVMDevice.modules.joined(separator: ","),
            (setup.versions + setup.starter.settings).map(\.value.english).joined(separator: ","),
            setup.parts.kernel.digest,
            setup.configuration.profile.rawValue, (try? setup.parts.of([:]).firmware) ?? "",
            "\(setup.configuration.kvmProbeLimit)", setup.configuration.build?.digest ?? "",
        ]
        return Digest.sha256(parts.joined(separator: "\n").utf8)
    }

    /// - Throws: `.interrupted`, which is no answer to be kept.
    private func boot(limit: Duration) throws(LabError) -> Availability {
        do throws(LabError) {
            // A run of its own: what is asked here is asked once for all runs of the process.
            let runID = "probe-\(getpid())-\(MonotonicInstant.now().nanoseconds)"
            let journal = try RunJournal(runID: runID, paths: context.paths)
            defer {
                journal.finish()
                rmdir(context.paths.run(runID))
            }
            let run = RunContext(
                runID: runID, paths: context.paths, journal: journal,
                rootFilesystem: context.rootFilesystem)
            try PreparedVM(record, setup, run).prove(memoryBytes: 256 << 20, within: limit)
            return .available
        } catch {
            if error.kind == .interrupted { throw error }
            return .unavailable(LabError(.unavailable, reason(error, limit), remedy: remedy))
        }
    }

    private func reason(_ error: LabError, _ limit: Duration) -> Message {
        let words =
            if case .said(let words)? = error.detail { Message(verbatim: words) } else {
                error.cause ?? error.message
            }
        let what: Message =
            error.kind == .timeout
            ? "the guest that was booted to prove it did not come up within \(limit.components.seconds) s (\(words))"
            : "the guest that was booted to prove it did not come up (\(words))"
        let isKVMHere = setup.type == .kvm && setup.starter.usesKVMOfThisHost
        guard isKVMHere else { return what }
        let modules = KVMDevice.modules
        let remark: Message =
            modules.contains("kvm_pvm")
            ? "; the host's module is kvm_pvm, which runs only kernels that were made for it"
            : modules.isEmpty ? "" : "; the host's modules are \(modules.joined(separator: ", "))"
        return "/dev/kvm opens, but \(what)\(remark)"
    }

    private var remedy: Message? {
        setup.type == .kvm
            ? "use a host with hardware virtualisation (kvm_intel or kvm_amd); qemu is measured instead, marked as emulation"
            : nil
    }
}

/// The kernel's hypervisor as a device file. See Documentation/virt/kvm/api.rst in Linux.
enum KVMDevice {
    static let path = "/dev/kvm"

    /// The modules that make up KVM here, `kvm` itself left out.
    static var modules: [String] { Files.list("/sys/module").filter { $0.hasPrefix("kvm_") } }

    /// Returns the reason why KVM can't be used at all, nil when there is none. Nothing is changed.
    ///
    /// - Parameter daemon: whether QEMU is run by a libvirt daemon, as a user of its own.
    /// - Parameter user: who QEMU is otherwise; nil for who we are.
    static func obstacle(daemon: Bool, user: QEMUUser?) -> Availability? {
        guard Files.exists(path) else {
            return unavailable(
                "there is no \(path)",
                remedy:
                    "enable virtualisation in the firmware (or nested virtualisation in the cloud) and load kvm_intel or kvm_amd"
            )
        }
        do {
            _ = try FileDescriptor.open(path, O_RDWR)
        } catch {
            let isRefused = error == Errno(EACCES) || error == Errno(EPERM)
            return unavailable(
                "\(path) can't be opened: \(error)",
                remedy: isRefused ? "usermod -aG kvm \"$USER\", then log in again; or run as root" : nil)
        }
        if let user, let code = user.credentials.errno(opening: path, O_RDWR), code != 0 {
            return unavailable(
                "\(path) can't be opened by QEMU's user, \(user.title): \(Errno(code))",
                remedy: opening)
        }
        return daemon ? staleCapabilities : nil
    }

    private static func unavailable(_ why: Message, remedy: Message?) -> Availability {
        .unavailable(LabError(.unavailable, why, remedy: remedy))
    }

    /// The commands that do what udev does.
    private static var opening: Message {
        "\(getgrnam("kvm") == nil ? "groupadd --system kvm && " : "")chgrp kvm \(path) && chmod 660 \(path)"
    }

    /// A daemon runs QEMU as a user that can't open the device: libvirt then probes QEMU anew at each call, 44 s.
    private static var staleCapabilities: Availability? {
        var status = stat()
        guard geteuid() == 0, stat(path, &status) == 0, status.st_mode & 0o066 == 0 else { return nil }
        return unavailable(
            "\(path) is for root only, so a libvirt daemon probes QEMU anew at each start (44 s)",
            remedy: opening)
    }
}
