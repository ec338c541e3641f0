import Glibc
import LabCore

/// A module of the guest's kernel, ready to be loaded.
struct KernelModule: Equatable, Sendable {
    var name: String
    /// The ELF file that finit_module(2) takes, not compressed.
    var bytes: [UInt8]
}

/// Finds modules that fit a kernel: those of its own package.
struct KernelModules {
    /// The files by the names of their modules.
    private var files: [String: String] = [:]
    /// The modules that the kernel has built in, by name.
    private var builtIn: Set<String> = []

    /// The modules `names` and all that they need, each after what it needs; without those that are built in.
    ///
    /// - Parameter fetch: whether the kernel's package may be downloaded for them.
    /// - Throws: `.unavailable` when there are none that fit this kernel.
    static func load(
        _ names: [String], for kernel: GuestKernel, fetch: Bool, paths: LabPaths
    ) throws(LabError) -> [KernelModule] {
        guard !kernel.version.isEmpty else {
            throw LabError(
                .unavailable, "the modules of \(kernel.source) can't be found", cause: "it names no version",
                remedy: "leave --kernel out, or name a distribution's vmlinuz")
        }
        var places = ["/lib/modules", "/usr/lib/modules"].map { "\($0)/\(kernel.version)" }
        places.append(KernelPackage.modules(beside: kernel.source))
        // What an older lab fetched lacks those that it had no use for.
        let found = places.filter(Files.exists).map { place in
            Result { () throws(LabError) in try KernelModules(below: place).inOrder(names) }
        }
        if let whole = found.first(where: { (try? $0.get()) != nil }) ?? (fetch ? nil : found.first) {
            do throws(LabError) { return try whole.get() } catch {
                var error = error
                error.remedy = error.remedy ?? "let lab fetch them (--fetch)"
                throw error
            }
        }
        guard fetch else {
            throw LabError(
                .unavailable, "the modules of the guest's kernel \(kernel.version) are not on this machine",
                remedy: "let lab fetch them (--fetch)")
        }
        let place = try KernelPackage.fetchModules(of: kernel.version, paths: paths)
        return try KernelModules(below: place).inOrder(names)
    }

    /// Looks through a directory as the kernel's `make modules_install` fills it.
    init(below directory: String) {
        for line in (try? Files.readText("\(directory)/modules.builtin"))?.split(separator: "\n") ?? [] {
            if let name = Self.moduleName(of: String(line)) { builtIn.insert(name) }
        }
        var pending = [directory]
        while let next = pending.popLast() {
            for entry in Files.list(next) {
                let path = "\(next)/\(entry)"
                var status = stat()
                guard lstat(path, &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    pending.append(path)
                } else if status.st_mode & S_IFMT == S_IFREG, let name = Self.moduleName(of: path) {
                    files[name] = path
                }
            }
        }
    }

    /// `virtio_rng` of `…/virtio-rng.ko.xz`: the kernel takes both lines for one. Nil for another sort of file.
    static func moduleName(of path: String) -> String? {
        let file = path.split(separator: "/").last ?? ""
        guard let end = file.firstRange(of: ".ko") else { return nil }
        guard ["", ".xz", ".zst", ".gz"].contains(String(file[end.upperBound...])) else { return nil }
        return String(file[..<end.lowerBound].map { $0 == "-" ? "_" : $0 })
    }

    /// A depth-first walk: modules depend on no circle, or the kernel itself could not load them.
    func inOrder(_ names: [String]) throws(LabError) -> [KernelModule] {
        var loaded: [KernelModule] = []
        var seen: Set<String> = []
        for name in names { try add(name, to: &loaded, seen: &seen) }
        return loaded
    }

    private func add(
        _ name: String, to loaded: inout [KernelModule], seen: inout Set<String>
    ) throws(LabError) {
        guard !builtIn.contains(name), seen.insert(name).inserted else { return }
        guard let path = files[name] else {
            throw LabError(.unavailable, "the guest's kernel has no module \(name)")
        }
        let bytes = try Files.read(path, limit: 64 << 20)
        let module = bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) ? bytes : Unpacker.expand(bytes)
        guard let module, let needed = Self.dependencies(of: module) else {
            throw LabError(.data, "\(path) is no module", cause: "it holds no list of what it depends on")
        }
        for other in needed { try add(other, to: &loaded, seen: &seen) }
        loaded.append(KernelModule(name: name, bytes: module))
    }

    /// The names in `depends=` of a module's section `.modinfo`, words that end with NUL (scripts/mod/modpost.c in
    /// Linux); nil when there is no such word. Takes any bytes at all.
    static func dependencies(of module: [UInt8]) -> [String]? {
        let key = Array("\0depends=".utf8)
        var start = 0
        while let zero = module[start...].firstIndex(of: 0) {
            if module[zero...].starts(with: key) {
                let names = module[(zero + key.count)...].prefix { $0 != 0 }
                return String(decoding: names, as: UTF8.self).split(separator: ",").map {
                    String($0.map { $0 == "-" ? "_" : $0 })
                }
            }
            start = zero + 1
        }
        return nil
    }
}
