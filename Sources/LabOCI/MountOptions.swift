import Glibc
import OCI

/// The options of one mount of config.json, in the kernel's terms. See config.md, "Linux mount options".
struct MountOptions {
    /// MOUNT_ATTR_* of mount_setattr(2) for the mount itself, and for all below it.
    var set: UInt64 = 0
    var clear: UInt64 = 0
    var recursiveSet: UInt64 = 0
    var recursiveClear: UInt64 = 0
    /// MS_SHARED and so on, with whether all below is meant.
    var propagations: [(kind: UInt64, isRecursive: Bool)] = []
    var isBind = false
    var isRecursive = false
    /// The words of the file system's own.
    var data: [String] = []
    /// True when a tmpfs begins with what it covers.
    var copiesUp = false
    /// True when its owners are shown as others, and so those of what is mounted below it.
    var isMapped = false
    var isMappedRecursively = false
    /// True when the source is no link that is followed.
    var isNotFollowed = false

    private static let accessTime: UInt64 = 0x70
    static let attributes: [(word: String, bit: UInt64, isCleared: Bool)] = [
        ("ro", 1, false), ("rw", 1, true), ("nosuid", 2, false), ("suid", 2, true), ("nodev", 4, false),
        ("dev", 4, true), ("noexec", 8, false), ("exec", 8, true), ("nodiratime", 0x80, false),
        ("diratime", 0x80, true), ("nosymfollow", 0x20_0000, false), ("symfollow", 0x20_0000, true),
        ("relatime", 0, false), ("noatime", 0x10, false), ("strictatime", 0x20, false),
        ("norelatime", 0x20, false), ("atime", 0, false), ("nostrictatime", 0, false),
    ]
    static let propagation: [(word: String, kind: UInt64)] = [
        ("shared", 1 << 20), ("private", 1 << 18), ("slave", 1 << 19), ("unbindable", 1 << 17),
    ]
    /// Of the superblock: the same words for fsconfig(2), and those that take one away, which is how it begins.
    private static let superblock = ["sync", "dirsync", "mand", "lazytime", "silent", "iversion"]
    private static let superblockOff = [
        "async", "nomand", "nolazytime", "loud", "noiversion", "defaults", "remount",
    ]

    /// All words but those of file systems.
    static var words: [String] {
        attributes.map(\.word) + attributes.map { "r\($0.word)" }
            + propagation.flatMap { [$0.word, "r\($0.word)"] }
            + superblock + superblockOff
            + ["bind", "rbind", "tmpcopyup", "nofollow", "copy-symlink", "idmap", "ridmap"]
    }

    init(_ options: [String]) throws {
        for option in options where !option.isEmpty {
            // The same word for all that is mounted below.
            let rest = option.utf8.first == UInt8(ascii: "r") ? String(option.dropFirst()) : nil
            if let (_, bit, isCleared) = Self.attributes.first(where: { $0.word == option }) {
                apply(bit, isCleared, option, &set, &clear)
            } else if let kind = Self.propagation.first(where: { $0.word == option })?.kind {
                propagations.append((kind, false))
            } else if let kind = Self.propagation.first(where: { $0.word == rest })?.kind {
                propagations.append((kind, true))
            } else if let (word, bit, isCleared) = Self.attributes.first(where: { $0.word == rest }) {
                apply(bit, isCleared, word, &recursiveSet, &recursiveClear)
            } else if Self.superblock.contains(option) {
                data.append(option)
            } else if Self.superblockOff.contains(option) {
                data.removeAll { "no\($0)" == option || $0 == "sync" && option == "async" }
            } else {
                switch option {
                case "bind": isBind = true
                case "rbind": (isBind, isRecursive) = (true, true)
                case "tmpcopyup": copiesUp = true
                case "nofollow": isNotFollowed = true
                case "idmap": isMapped = true
                case "ridmap": (isMapped, isMappedRecursively) = (true, true)
                case "copy-symlink":
                    throw Failure.unsupported("mounts: the option \(option)")
                default: data.append(option)
                }
            }
        }
    }

    private func apply(
        _ bit: UInt64, _ isCleared: Bool, _ word: String, _ set: inout UInt64, _ clear: inout UInt64
    ) {
        // The times of access are one value of three bits and no bits: it is cleared whole.
        if word.hasSuffix("atime") && !word.hasSuffix("diratime") {
            set = set & ~Self.accessTime | bit
            clear |= Self.accessTime
        } else if isCleared {
            set &= ~bit
            clear |= bit
        } else {
            set |= bit
            clear &= ~bit
        }
    }
}
