import Artifacts
import Course
import Glibc
import LabCore

/// Checks of this machine that belong to no engine.
enum HostChecks {
    /// Below this a run may fill the disk: a VM's initramfs, libvirt's log and the samples come to tens of MiB.
    static let leastFree: UInt64 = 256 << 20

    /// All of them; `warnings` are those of `Environment.capture`.
    static func all(paths: LabPaths, warnings: [Environment.Warning]) -> [DoctorCheck] {
        [guest(), results(), freeSpace(paths), deadRuns(paths), livingRuns(paths)].compactMap { $0 }
            + environment(warnings)
    }

    /// Returns the check that `lab-guest` is there; that it runs is proved by the engine `process`.
    private static func guest() -> DoctorCheck {
        .proving("guest", "lab-guest is there", disables: ["every engine"]) { () throws(LabError) in
            let path = try RootFilesystem.locateGuest(environment: Process.environment)
            return "\(path), SHA-256 \(try Digest.sha256(file: path).prefix(12))…"
        }
    }

    /// Writes a file where `lab run` would make its results.
    private static func results() -> DoctorCheck {
        .proving("results", "results can be written", disables: ["lab run without --output"]) {
            () throws(LabError) in
            let directory = Files.exists("results") ? "results" : "."
            let probe = "\(directory)/.lab-doctor-\(getpid())"
            try Files.write("", to: probe)
            unlink(probe)
            return directory == "." ? "results/ can be made here" : "results/ can be written to"
        }
    }

    /// Makes a room as an exercise does. Where that fails nothing else is the poorer.
    static func exercises(_ context: RunContext) -> DoctorCheck {
        let title: Message = "exercises can be checked"
        do throws(LabError) {
            try CheckBench(context: context).proveRoom()
            return DoctorCheck(
                id: "exercises", title: title, status: .pass,
                detail: "a room was made, and nothing is left of it")
        } catch {
            return DoctorCheck(
                id: "exercises", title: title, status: .warn, detail: error.reason, remedy: error.remedy,
                disables: ["lab exercise check"])
        }
    }

    private static func freeSpace(_ paths: LabPaths) -> DoctorCheck {
        let title: Message = "disk space"
        do {
            try Files.makeDirectory(paths.cache, mode: 0o700)
            var low: [Message] = []
            var least = UInt64.max
            for path in [paths.cache, "."] {
                let free = try freeBytes(path)
                least = min(least, free)
                if free < leastFree { low.append("\(path) has \(free >> 20) MiB") }
            }
            guard low.isEmpty else {
                return DoctorCheck(
                    id: "disk-space", title: title, status: .warn, detail: low.joined(separator: ", "),
                    remedy: "free space until there are \(Units.format(bytes: leastFree))")
            }
            return DoctorCheck(
                id: "disk-space", title: title, status: .pass, detail: "\(least >> 20) MiB free")
        } catch {
            return DoctorCheck(
                id: "disk-space", title: title, status: .fail, detail: error.cause ?? error.message,
                remedy: error.remedy ?? "set LAB_HOME to a directory of yours", disables: ["every engine"])
        }
    }

    /// Bytes that an unprivileged user may still write, see statvfs(3).
    private static func freeBytes(_ path: String) throws(LabError) -> UInt64 {
        var status = statvfs()
        do {
            try checked { statvfs(path, &status) }
        } catch {
            throw LabError(.input, "cannot look at the file system of \(path)", cause: "\(error)")
        }
        return UInt64(status.f_bavail).times(UInt64(status.f_frsize)) ?? .max
    }

    private static func deadRuns(_ paths: LabPaths) -> DoctorCheck? {
        guard let found = try? Removers.cleaner(paths).cleanAbandoned(in: paths, dryRun: true) else {
            return nil
        }
        if let refused = found.refused.first {
            return DoctorCheck(
                id: "dead-runs", title: "what killed runs left", status: .warn,
                detail: refused.reason, remedy: refused.remedy)
        }
        guard !found.runs.isEmpty else { return nil }
        return DoctorCheck(
            id: "dead-runs", title: "what killed runs left", status: .warn,
            detail: "\(found.removed.count) things of \(found.runs.joined(separator: ", "))",
            remedy: "lab clean")
    }

    private static func livingRuns(_ paths: LabPaths) -> DoctorCheck? {
        let living = RunJournal.living(in: paths)
        guard !living.isEmpty else { return nil }
        return DoctorCheck(
            id: "living-runs", title: "other runs", status: .warn,
            detail: "alive now: \(living.joined(separator: ", "))",
            remedy: "wait until they end before you measure")
    }

    private static func environment(_ warnings: [Environment.Warning]) -> [DoctorCheck] {
        guard !warnings.isEmpty else {
            return [
                DoctorCheck(id: "noise", title: "quiet machine", status: .pass, detail: "nothing disturbs")
            ]
        }
        return warnings.enumerated().map { index, warning in
            DoctorCheck(
                id: "noise-\(index + 1)", title: "quiet machine", status: .warn, detail: warning.text,
                remedy: warning.remedy)
        }
    }
}
