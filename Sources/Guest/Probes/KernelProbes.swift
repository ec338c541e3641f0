import CGuest

/// The probes that are asked of a kernel by name: never part of `all`.
let kernelProbes: [Probe] = [
    // read=PATH: the first line of a file.
    Probe("read") { path, detail in firstLine(of: path, &detail) },
    // digest=PATH: of its first 64 KiB.
    Probe("digest") { path, detail in digest(of: path, &detail) },
    // list=DIRECTORY: how many names are in it, and the sum of their digests.
    Probe("list") { path, detail in
        var count: UInt64 = 0
        var sum: UInt64 = 0
        let code = forEachName(in: path) { name in
            var digest = TextDigest()
            digest.absorb(name)
            sum = sum &+ digest.value
            count += 1
        }
        if code != 0 { return code }
        detail.append(number: count)
        detail.append(byte: 0x20)
        detail.append(hexadecimal: sum)
        return 0
    },
    // write=PATH,VALUE: writes it, and says what is read afterwards.
    Probe("write") { word, detail in
        let length = strcspn(word, ",")
        guard word[length] != 0 else { return EINVAL }
        let file = path("", word, length: length)
        let code = writes(file, word + length + 1)
        return code != 0 ? code : firstLine(of: file, &detail)
    },
    // chroot-escape=PATH: a working directory outside of the root, from where `..` leads up as far as there are mounts
    // (chroot(2), NOTES); then the first line of PATH, which is relative.
    Probe("chroot-escape") { path, detail in
        guard chdir("/") == 0, chroot("proc") == 0 else { return cguest_errno() }
        for _ in 0..<64 { _ = chdir("..") }
        guard chroot(".") == 0 else { return cguest_errno() }
        return firstLine(of: path, &detail)
    },
    // descriptor-escape=PATH: what any process that /proc shows, this one among them, has for its root, works in or has open, from
    // where `..` leads up; then the first line of PATH, which is relative.
    Probe("descriptor-escape") { path, detail in escapeByDescriptor(to: path, &detail) },
    // cpuid: what the hypervisor under this machine signs with; ENODEV where the processor knows of none.
    Probe("cpuid") { _, detail in
        let signature = UnsafeMutablePointer<CChar>.allocate(capacity: 13)
        guard cguest_hypervisor(signature) == 1 else { return ENODEV }
        detail.append(signature)
        return 0
    },
]

private func escapeByDescriptor(to goal: Text, _ detail: inout Detail) -> Int32 {
    let up = literal("/../../../../../../../../../../../../../../../../")
    var code = ENOENT
    /// Looks from one link of /proc.
    func look(_ link: Text) {
        if code != 0, firstLine(of: joined(joined(link, up), goal), &detail) == 0 { code = 0 }
    }
    let failure = forEachName(in: literal("/proc")) { name in
        guard name[0] >= 0x30 && name[0] <= 0x39 || strcmp(name, literal("self")) == 0 else { return }
        let process = joined(joined(literal("/proc/"), name), literal("/"))
        look(joined(process, literal("root")))
        look(joined(process, literal("cwd")))
        let open = joined(process, literal("fd/"))
        _ = forEachName(in: open) { number in look(joined(open, number)) }
    }
    return failure != 0 ? failure : code
}

/// Two texts as one, which lives as long as the process.
private func joined(_ first: Text, _ second: Text) -> Text {
    let (head, tail) = (Int(strlen(first)), Int(strlen(second)))
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: head + tail + 1)
    memcpy(text, first, head)
    memcpy(text + head, second, tail + 1)
    return Text(text)
}
