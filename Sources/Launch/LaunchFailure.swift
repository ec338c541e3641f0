import CLinux
import Glibc
import LabCore

/// A failure of a launch program, at one of its steps: the child is gone, and nothing that it did outlives it.
package struct LaunchFailure: Error, Equatable {
    /// The failed step, counted from 0; nil when clone3 itself failed.
    package let step: Int?
    package let errno: Errno

    /// The failure in a user's words: the call with its operands, the errno, and what helps.
    package func explained(_ program: LaunchProgram, _ arguments: [String]) -> LabError {
        let kind: LabError.Kind = [Errno(EPERM), Errno(EACCES)].contains(errno) ? .permission : .instance
        let cause: Message = "\(errno.name), \(errno)"
        guard let step else {
            return LabError(
                kind, "clone3(\(program.namespaces.flagText)) failed", cause: cause, remedy: cloneRemedy,
                detail: (isOutOfNamespaces ? .namespaces : Stop(errno)).map(LabError.Detail.exhausted))
        }
        let failed = program.steps[step]
        var detail = Stop(errno).map(LabError.Detail.exhausted)
        if failed.operation.code == CLINUX_EXEC { detail = .notExecuted(errno: errno.rawValue) }
        return LabError(
            kind, "step \(step + 1), \(failed.name), failed: \(failed.operation.text(arguments))",
            cause: cause, detail: detail)
    }

    private var isOutOfNamespaces: Bool { errno == Errno(ENOSPC) || errno == Errno(EUSERS) }

    private var cloneRemedy: Message? {
        switch errno.rawValue {
        case EPERM, EACCES:
            "run as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, "
                + "kernel.apparmor_restrict_unprivileged_userns=0"
        case ENOSPC, EUSERS: "raise the limits in /proc/sys/user/max_*_namespaces"
        case ENOSYS: "clone3 needs Linux 5.5, and a seccomp profile that allows it"
        default: nil
        }
    }
}

extension LaunchProgram {
    /// A path that no machine has, with or without a root of its own: /dev/null is no directory. A program that is to
    /// be rehearsed ends at an execve of it.
    package static let nothing = "/dev/null/none"

    /// Runs a program whose execve fails on purpose, so that there is no child to wait for.
    /// - Throws: when a step before the execve failed, or the execve for another reason than a missing file.
    package func rehearse() throws(LabError) {
        let arguments = [Self.nothing]
        do throws(LaunchFailure) {
            _ = try ProgramBuffer(self, environment: []).attempt(.init(arguments: arguments))
        } catch {
            // The last step is the one whose failure proves that all the others worked.
            let missing = [Errno(ENOENT), Errno(ENOTDIR)].contains(error.errno)
            if error.step == steps.count - 1 && missing { return }
            throw error.explained(self, arguments)
        }
        throw LabError(.software, "\(Self.nothing) was executed")
    }
}
