/// The way in which one VM is made where it is not as its engine does by default: `Condition.variant`.
///
/// Written `factor=value`, several joined with commas: `machine=q35,memory=balloon`. A factor that is left out, nil
/// here, is as the engine has it.
public struct VMVariant: Hashable, Sendable, CustomStringConvertible {
    /// The state that the machine begins with.
    public enum Start: String, CaseIterable, Sendable {
        /// The kernel, and then lab-guest.
        case boot
        /// The state of one that was booted, and saved when its guest had nothing left to do but its workload.
        case restore
    }

    /// The source of the guest's memory, and whether it goes back.
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

        /// True when it takes a device, which hangs on a bus that microvm has not.
        public var hasBalloon: Bool { self == .balloon || self == .freePageReporting }
    }

    /// The file that QEMU is given as the kernel.
    public enum Kernel: String, CaseIterable, Sendable {
        /// The kernel proper, unpacked on the host and entered through PVH.
        case vmlinux
        /// The distribution's file, which unpacks itself in the guest.
        case bzImage = "bzimage"
    }

    /// The program that runs before the kernel.
    public enum Firmware: String, CaseIterable, Sendable {
        /// QEMU's own choice, for microvm a small build of it. What every machine has by default.
        case seabios
        /// A minimal one of QEMU's that only loads a kernel, https://github.com/bonzini/qboot.
        case qboot
    }

    /// The place where the guest's kernel prints.
    public enum Console: String, CaseIterable, Sendable {
        /// To the first serial port.
        case serial
        /// Nowhere: the port is left out. A failure then has no last words, and `kernel-entered` is not marked.
        case none
    }

    /// The devices on the machine beside the guest's channels.
    public enum Devices: String, CaseIterable, Sendable {
        case none
        /// Those that libvirt adds when nobody forbids it: a USB controller and a balloon, on q35 with their ports.
        case standard = "default"
    }

    /// The options that the kernel is told.
    public enum CommandLine: String, CaseIterable, Sendable {
        /// Those that make it start soonest, see `KernelCommandLine`.
        case tuned
        /// No more than a guest needs to run and to end.
        case plain
    }

    /// The time that the guest's clocks run by.
    public enum Clock: String, CaseIterable, Sendable {
        /// The host's time.
        case host
        /// The guest's own instructions, a nanosecond for each: what the guest reads is how many they were. Emulation
        /// only. See `-icount` in qemu-system(1).
        case instructions
    }

    /// The cache of the host's between a disk that the guest writes to, and its file. See `cache=` in qemu-system(1).
    public enum DiskCache: String, CaseIterable, Sendable {
        /// None: QEMU opens the file with O_DIRECT.
        case none
        /// The host's page cache, which the guest's flushes (fsync) go through.
        case writeback
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
    /// A disk for what the guest writes; nil for none.
    public var diskCache: DiskCache?

    /// Everything as the engine does it by default.
    public init() {}

    /// A VM whose clock says how many instructions it has executed.
    public static let countingInstructions = {
        var variant = VMVariant()
        variant.clock = .instructions
        return variant
    }()

    /// Its factors in the order of its text: a new one is its property, and its line here.
    private static let fields: [(name: String, field: Field<VMVariant>)] = [
        ("start", .choice(\.start)), ("memory", .choice(\.memory)), ("machine", .choice(\.machine)),
        ("kernel", .choice(\.kernel)), ("firmware", .choice(\.firmware)), ("console", .choice(\.console)),
        ("devices", .choice(\.devices)), ("clock", .choice(\.clock)),
        ("command-line", .choice(\.commandLine)), ("disk-cache", .choice(\.diskCache)),
    ]

    /// Every word that a variant may be made of, by its factors.
    public static let words: [[String]] = fields.map { name, field in field.words.map { "\(name)=\($0)" } }

    /// Reads the words of a variant.
    /// - Throws: `.usage` for an unknown or a missing word, with the nearest known one, and for a factor given twice.
    public init(_ text: String) throws(LabError) {
        for word in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let (name, field) = Self.fields.first(where: { $0.name == parts[0] }),
                field.words.contains(String(parts[1]))
            else { throw Self.unknown(word) }
            guard field.write(self) == nil else {
                throw LabError(.usage, "the variant \(ForeignText.quoted(text)) sets \(name) twice")
            }
            try field.read(String(parts[1]), &self)
        }
    }

    /// The words that set this, in the order of the factors; empty where nothing is set.
    public var description: String {
        Self.fields.compactMap { name, field in field.write(self).map { "\(name)=\($0)" } }
            .joined(separator: ",")
    }

    private static func unknown(_ word: String) -> LabError {
        let words = words.flatMap(\.self)
        return LabError(
            .usage, "a VM knows no variant \(ForeignText.quoted(word))\(didYouMean(word, in: words))",
            remedy: "join words like these with commas: \(words.joined(separator: " "))")
    }
}

/// The board that a VM is given: QEMU's machine type and what goes with it.
public enum MachineProfile: String, CaseIterable, Sendable {
    /// No PCI, no ACPI tables, a firmware of a few kilobytes: made for short starts.
    case microvm
    /// PCI Express, AHCI, HPET: what a new VM gets today.
    case q35
    /// The PC of 1996: PCI, IDE.
    case pc
}
