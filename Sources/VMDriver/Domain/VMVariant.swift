import LabCore

/// How one VM is made where it is not to be made as its engine does by default: what `LaunchRequest.variant` says.
///
/// Written `factor=value`, several joined with commas: `machine=q35,memory=balloon`. A factor that is left out, nil
/// here, is as the engine has it.
public struct VMVariant: Hashable, Sendable, CustomStringConvertible {
    /// What can be chosen.
    public enum Factor: String, CaseIterable, Sendable {
        case start, memory, machine, kernel, firmware, console, devices, clock
        case commandLine = "command-line"
    }

    /// What the machine begins with.
    public enum Start: String, CaseIterable, Sendable {
        /// The kernel, and then lab-guest.
        case boot
        /// The state of one that was booted, and saved when its guest had nothing left to do but its workload.
        case restore
    }

    /// Where the guest's memory comes from, and whether it goes back.
    public enum Memory: String, CaseIterable, Sendable {
        /// A page of the host's at the first write to it; none is ever given back. What QEMU does by default.
        case lazy
        /// All of it before the guest starts.
        case prealloc
        /// As `lazy`, with a device through which the host asks the guest for memory: virtio-balloon.
        case balloon
        /// As `lazy`, with a device through which the guest tells what it does not use: virtio-balloon with free page
        /// reporting. See Documentation/mm/free_page_reporting.rst in Linux.
        case freePageReporting = "free-page-reporting"
        /// From the host's pool of huge pages, Documentation/admin-guide/mm/hugetlbpage.rst in Linux.
        case hugePages = "hugepages"

        /// Whether it takes a device, which hangs on a bus that microvm has not.
        var hasBalloon: Bool { self == .balloon || self == .freePageReporting }
    }

    /// What QEMU is given as the kernel.
    public enum Kernel: String, CaseIterable, Sendable {
        /// The kernel proper, unpacked on the host and entered through PVH.
        case vmlinux
        /// The distribution's file, which unpacks itself in the guest.
        case bzImage = "bzimage"
    }

    /// What runs before the kernel.
    public enum Firmware: String, CaseIterable, Sendable {
        /// QEMU's own choice, for microvm a small build of it. What every machine has by default.
        case seabios
        /// A minimal one of QEMU's that only loads a kernel, https://github.com/bonzini/qboot.
        case qboot
    }

    /// Where the guest's kernel prints.
    public enum Console: String, CaseIterable, Sendable {
        /// To the first serial port.
        case serial
        /// Nowhere: the port is left out. A failure then has no last words, and `kernel-entered` is not marked.
        case none
    }

    /// What hangs on the machine beside the guest's channels.
    public enum Devices: String, CaseIterable, Sendable {
        case none
        /// What libvirt adds when nobody forbids it: a USB controller and a balloon, on q35 with their ports.
        case standard = "default"
    }

    /// What the kernel is told.
    public enum CommandLine: String, CaseIterable, Sendable {
        /// What makes it start soonest, see `KernelCommandLine`.
        case tuned
        /// No more than a guest needs to run and to end.
        case plain
    }

    /// What the guest's clocks run by.
    public enum Clock: String, CaseIterable, Sendable {
        /// The host's time.
        case host
        /// The guest's own instructions, a nanosecond for each: what the guest reads is how many they were. Emulation
        /// only. See `-icount` in qemu-system(1).
        case instructions
    }

    public var start: Start?
    public var memory: Memory?
    public var machine: MachineProfile?
    public var kernel: Kernel?
    public var firmware: Firmware?
    public var console: Console?
    public var devices: Devices?
    public var commandLine: CommandLine?
    public var clock: Clock?

    /// Everything as the engine does it by default.
    public init() {}

    /// Reads the words of a variant.
    /// - Throws: `.usage` for an unknown or a missing word, with the nearest known one, and for a factor given twice.
    public init(_ text: String) throws(LabError) {
        var given: Set<Factor> = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let factor = Factor(rawValue: String(parts[0])),
                set(factor, String(parts[1]))
            else { throw Self.unknown(word) }
            guard given.insert(factor).inserted else {
                throw LabError(.usage, "the variant \(text.debugDescription) sets \(factor.rawValue) twice")
            }
        }
    }

    /// False when the factor has no such value.
    private mutating func set(_ factor: Factor, _ value: String) -> Bool {
        func parsed<Value: RawRepresentable>(_ place: inout Value?) -> Bool where Value.RawValue == String {
            place = Value(rawValue: value)
            return place != nil
        }
        return switch factor {
        case .start: parsed(&start)
        case .memory: parsed(&memory)
        case .machine: parsed(&machine)
        case .kernel: parsed(&kernel)
        case .firmware: parsed(&firmware)
        case .console: parsed(&console)
        case .devices: parsed(&devices)
        case .commandLine: parsed(&commandLine)
        case .clock: parsed(&clock)
        }
    }

    /// The words that set this, in the order of the factors; empty where nothing is set.
    public var description: String {
        let values: [(Factor, String?)] = [
            (.start, start?.rawValue), (.memory, memory?.rawValue), (.machine, machine?.rawValue),
            (.kernel, kernel?.rawValue), (.firmware, firmware?.rawValue), (.console, console?.rawValue),
            (.devices, devices?.rawValue), (.clock, clock?.rawValue), (.commandLine, commandLine?.rawValue),
        ]
        return values.compactMap { factor, value in value.map { "\(factor.rawValue)=\($0)" } }
            .joined(separator: ",")
    }

    /// Every word that a variant may be made of.
    public static let words: [String] = Factor.allCases.flatMap { factor in
        values(of: factor).map { "\(factor.rawValue)=\($0)" }
    }

    /// The values of a factor.
    public static func values(of factor: Factor) -> [String] {
        switch factor {
        case .start: Start.allCases.map(\.rawValue)
        case .memory: Memory.allCases.map(\.rawValue)
        case .machine: MachineProfile.allCases.map(\.rawValue)
        case .kernel: Kernel.allCases.map(\.rawValue)
        case .firmware: Firmware.allCases.map(\.rawValue)
        case .console: Console.allCases.map(\.rawValue)
        case .devices: Devices.allCases.map(\.rawValue)
        case .commandLine: CommandLine.allCases.map(\.rawValue)
        case .clock: Clock.allCases.map(\.rawValue)
        }
    }

    private static func unknown(_ word: String) -> LabError {
        LabError(
            .usage, "a VM knows no variant \(word.debugDescription)\(didYouMean(word, in: words))",
            remedy: "join words like these with commas: \(words.joined(separator: " "))")
    }
}
