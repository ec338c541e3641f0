import CLinux
import LabCore

/// The guest kernel's command line. See Documentation/admin-guide/kernel-parameters.txt in Linux.
struct KernelCommandLine {
    /// The most bytes that the kernel accepts: COMMAND_LINE_SIZE of x86, its NUL counted.
    static let longest = 2_047
    /// The most arguments that the kernel hands to init: MAX_INIT_ARGS.
    static let mostArguments = 32

    /// The words that a guest needs to run and to end.
    private static let needed = [
        "quiet",
        // A panic resets at once, which ends the machine, and a reset is the processor's triple fault: the only way
        // down that needs no device.
        "panic=-1", "reboot=t",
        "rdinit=\(RootFilesystem.guestPath)",
    ]

    /// The kernel's messages go to the guest's terminal; in normal times there are few.
    private static func console(_ channel: RecordChannel) -> [String] { ["console=\(channel.terminal)"] }

    /// The words that make it start sooner.
    private static let tuning = [
        // No self-tests of the kernel's ciphers, which nothing here uses: 0.22 s of a start under TCG.
        "cryptomgr.notests",
        // A guest with one processor keeps the instructions of one with several, as the host has them, instead of
        // patching thousands of places: 0.12 s of a start under TCG.
        "noreplace-smp",
        // No driver for the battery's clock, which nothing here asks for the time: under KVM QEMU's microvm has none, and
        // the driver waits for it, with traps all the while: 4 s of a start of 5.4 s under KVM, nested in emulation.
        "initcall_blacklist=cmos_init",
    ]

    /// From the kernel's first line on, which is when it was entered, and of those before `quiet` is read no other: the map
    /// of the memory is 1,000 bytes, and each byte takes two exits of the guest.
    private static func earlyConsole(_ channel: RecordChannel) -> [String] {
        ["loglevel=6", channel == .xenConsole ? "earlyprintk=xen" : "earlyprintk=serial,ttyS0,115200"]
    }

    /// The command line that runs `workload`.
    /// - Parameter timeStampKilohertz: the counter's rate; 0 stands for whatever it is, in a text to be read.
    /// - Parameter modules: the kernel's modules that lab-guest loads first, in this order.
    /// - Parameter isSystem: true where a complete system is started, in which lab-guest then does the workload.
    /// - Parameter address: of its interface, with the length of its block; nil for none.
    /// - Parameter stays: true when the guest is not to bring its machine down at its end.
    /// - Throws: `.usage` when the kernel could not pass the arguments on unchanged.
    static func text(
        for workload: Workload, channel: RecordChannel, timeStampKilohertz: UInt64?,
        style: VMVariant.CommandLine = .tuned, hasConsole: Bool = true, modules: [String] = [],
        isSystem: Bool = false, address: String? = nil, stays: Bool = false
    ) throws(LabError) -> String {
        var words = hasConsole ? console(channel) : []
        if style == .tuned { words += (hasConsole ? earlyConsole(channel) : []) + tuning }
        words += needed
        // Without it the kernel calibrates the counter against a timer chip, which fails on a busy host: microvm has
        // no second chip, and the boot then hangs (seen in 3 of 4 boots with 3 at once on 2 processors).
        if let timeStampKilohertz {
            words.append("tsc_early_khz=\(timeStampKilohertz == 0 ? "HOST" : "\(timeStampKilohertz)")")
        }
        if isSystem {
            for word in try SystemRecipe.words(channel: channel.guestArgument, workload) {
                words.append(try quoted(word))
            }
        }
        words.append("--")
        let load = modules.isEmpty ? [] : ["--modules=\(modules.joined(separator: ","))"]
        let arguments =
            ["--machine"] + (stays ? ["--stay"] : []) + ["--channel=\(channel.guestArgument)"] + load
            + (address.map { ["--address=\($0)"] } ?? [])
            + (isSystem ? ["system"] : [workload.name] + workload.arguments)
        for argument in arguments { words.append(try quoted(argument)) }
        let text = words.joined(separator: " ")
        guard text.utf8.count <= longest, arguments.count < mostArguments else {
            throw LabError(
                .usage,
                "the workload \(workload.name) has more arguments than a kernel command line can carry",
                cause: "at most \(longest) bytes and \(mostArguments) arguments")
        }
        return text
    }

    /// The kernel splits at spaces outside double quotes and knows no escape (lib/cmdline.c, next_arg).
    private static func quoted(_ argument: String) throws(LabError) -> String {
        guard argument.utf8.allSatisfy({ $0 > 0x1f && $0 != 0x7f && $0 != 0x22 }), argument != "--" else {
            throw LabError(
                .usage, "a workload's argument can't be passed to a VM",
                cause: "a kernel command line holds no double quote and no control character")
        }
        return argument.isEmpty || argument.contains(" ") ? "\"\(argument)\"" : argument
    }
}

/// The rate of this host's time-stamp counter; a guest under TCG sees the same counter.
enum TimeStampCounter {
    /// Kilohertz, measured once against CLOCK_MONOTONIC; nil where there is no such counter.
    static let kilohertz: UInt64? = {
        guard clinux_time_stamp() != 0 else { return nil }
        // 20 ms: the two clocks are read within 100 ns of each other, so the error stays below ten in a million.
        let interval: UInt64 = 20_000_000
        let start = (clinux_time_stamp(), MonotonicInstant.now())
        var elapsed: UInt64 = 0
        while elapsed < interval { elapsed = MonotonicInstant.now().nanoseconds(since: start.1) }
        return (clinux_time_stamp() &- start.0) * 1_000_000 / elapsed
    }()
}
