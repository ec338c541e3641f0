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
    // cpuid: what the hypervisor under this machine signs with; ENODEV where the processor knows of none.
    Probe("cpuid") { _, detail in
        let signature = UnsafeMutablePointer<CChar>.allocate(capacity: 13)
        guard cguest_hypervisor(signature) == 1 else { return ENODEV }
        detail.append(signature)
        return 0
    },
]
