import LabCore

extension LaunchProgram {
    /// The program as the system calls that it makes, one line a step: what `lab explain` prints.
    public func text(arguments: [String]) -> Message {
        let flags = ["CLONE_VM", "CLONE_VFORK", "CLONE_PIDFD", "CLONE_CLEAR_SIGHAND"] + namespaces.flagNames
        var lines = [Message(verbatim: "clone3({flags=\(flags.joined(separator: "|"))})")]
        for (index, step) in steps.enumerated() {
            let number = String(index + 1)
            let call = step.action.text(arguments: arguments)
            let start = "\(String(repeating: " ", count: max(0, 3 - number.count)))\(number)  \(call)"
            let tolerated: Message = step.tolerates.map { "  // \($0.name) is passed over" } ?? ""
            lines.append("\(start)  // \(step.name)\(tolerated)")
        }
        return "\(lines.joined(separator: "\n"))\n"
    }
}

extension LaunchProgram.Action {
    /// This step in the notation of strace(1).
    func text(arguments: [String]) -> String {
        switch self {
        case .mount(let source, let target, let type, let flags, let data):
            return
                "mount(\(quoted(source)), \(quoted(target)), \(quoted(type)), \(flags.text), \(quoted(data)))"
        case .pivotRoot(let path):
            return "chdir(\(quoted(path))); pivot_root(\".\", \".\"); fchdir(<old root>)"
        case .leaveOldRoot: return "umount2(\".\", MNT_DETACH); chdir(\"/\")"
        case .moveRoot(let path):
            return
                "chdir(\(quoted(path))); mount(\".\", \"/\", NULL, MS_MOVE, NULL); chroot(\".\"); fchdir(<old root>)"
        case .changeDirectory(let path): return "chdir(\(quoted(path)))"
        case .enterNamespace(_, let namespace):
            return "setns(<stage>, \(namespace.flagNames.joined(separator: "|")))"
        case .makeDirectory(let path, let mode): return "mkdir(\(quoted(path)), 0\(String(mode, radix: 8)))"
        case .symlink(let target, let path): return "symlink(\(quoted(target)), \(quoted(path)))"
        case .createFile(let path, let mode):
            return "mknod(\(quoted(path)), S_IFREG|0\(String(mode, radix: 8)))"
        case .makeDevice(let path, let mode, let device, let original):
            return
                "mknod(\(quoted(path)), S_IFCHR|0\(String(mode, radix: 8)), makedev(\(device.major), \(device.minor))) "
                + "or mount(\(quoted(original)), \(quoted(path)), NULL, MS_BIND, NULL)"
        case .addMountFlags(let path, let flags):
            return "mount_setattr(AT_FDCWD, \(quoted(path)), AT_RECURSIVE, {attr_set=\(flags.attributeText)})"
        case .mask(let path, let first, let otherwise):
            return
                "mount(\(quoted(first)) or \(quoted(otherwise)), \(quoted(path)), NULL, MS_BIND, NULL)"
        case .maskEach(let path, let first, let otherwise):
            return
                "mount(\(quoted(first)) or \(quoted(otherwise)), \(quoted(path)), NULL, MS_BIND, NULL), …"
        case .write(let text, let path): return "write(<\(path)>, \(quoted(text)))"
        case .unshare(let namespaces): return "unshare(\(namespaces.flagNames.joined(separator: "|")))"
        case .joinCgroup(_, let directory): return "write(<\(directory)/tasks>, \"0\")"
        case .setHostname(let name): return "sethostname(\(quoted(name)))"
        case .loopbackUp: return "ioctl(<socket>, SIOCSIFFLAGS, {\"lo\", IFF_UP})"
        case .standardDescriptor(let number):
            let source = number == 0 ? "empty pipe" : number < 3 ? "pipe" : "inherited"
            return "dup3(<\(source)>, \(number), 0)"
        case .closeDescriptors(let first): return "close_range(\(first), ~0U, 0)"
        case .closeOnExec(let first): return "close_range(\(first), ~0U, CLOSE_RANGE_CLOEXEC)"
        case .openTerminal(let terminal):
            let numbers = (0..<3).filter { terminal.descriptors >> $0 & 1 != 0 }
            return "open(\"/dev/pts/ptmx\", O_RDWR); ioctl(<master>, TIOCGPTPEER); "
                + "ioctl(<terminal>, TIOCSCTTY); "
                + numbers.map { "dup2(<terminal>, \($0))" }.joined(separator: "; ")
        case .newSession: return "setsid()"
        case .boundCapabilities(let kept): return "prctl(PR_CAPBSET_DROP, …all but \(kept.text))"
        case .setCapabilities(let kept): return "capset({effective=permitted=\(kept.text), inheritable=0})"
        case .noNewPrivileges: return "prctl(PR_SET_NO_NEW_PRIVS, 1)"
        case .loadFilter(let filter):
            return "seccomp(SECCOMP_SET_MODE_FILTER, 0, {len=\(filter.instructionCount), …})"
        case .dieWithParent(let signal, _):
            return "prctl(PR_SET_PDEATHSIG, \(signal)); poll(<parent's pidfd>)"
        case .setLimits(let limits):
            return limits.map { "setrlimit(\($0.name), {\($0.softText), \($0.hardText)})" }.joined(
                separator: "; ")
        case .defaultSignals(let signals):
            return "rt_sigaction(<signals of 0x\(String(signals, radix: 16))>, SIG_DFL)"
        case .setSchedulingPolicy(let policy):
            return "sched_setscheduler(0, \(policy == 0 ? "SCHED_OTHER" : String(policy)), {0})"
        case .call(let call): return call.text
        case .execute(let path):
            return
                "execve(\(quoted(path)), [\(arguments.map { quoted($0) }.joined(separator: ", "))], <environment>)"
        }
    }

    /// A C string literal, or NULL.
    private func quoted(_ text: String?) -> String {
        guard let text else { return "NULL" }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
