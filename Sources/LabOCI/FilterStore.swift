import CSeccomp
import Glibc
import LabCore
import OCI

/// Filters that were compiled before: nearly all containers of a machine have one of two, and to compile that of docker's takes
/// longer than all the rest of a start. crun keeps them too.
struct FilterStore {
    /// No id of a container has such a name.
    let directory: String

    init(_ store: StateStore) { directory = "\(store.root)/@filters" }

    /// Of more, the oldest make room.
    private static let most = 32

    func filter(_ spec: RuntimeSpec.Seccomp) throws -> CompiledFilter {
        guard spec.syscalls?.isEmpty == false, let key = key(of: spec) else {
            return try CompiledFilter(spec)
        }
        // Two with one name are told apart by the key in the file.
        let path = "\(directory)/\(String(key.fnv1a, radix: 16))"
        if let kept = Self.read(path, key) {
            return CompiledFilter(instructions: kept, flags: try CompiledFilter.flags(of: spec))
        }
        let filter = try CompiledFilter(spec)
        // Who may not write there compiles each time.
        try? write(filter.instructions, key, path)
        return filter
    }

    /// All that a filter depends on, each text with its length, so that no two are alike.
    private func key(of spec: RuntimeSpec.Seccomp) -> [UInt8]? {
        guard let version = seccomp_version()?.pointee else { return nil }
        var key = Array("2 \(version.major).\(version.minor).\(version.micro)\n".utf8)
        func add(_ number: UInt64) { withUnsafeBytes(of: number) { key.append(contentsOf: $0) } }
        func add(_ text: String) {
            add(UInt64(text.utf8.count))
            key.append(contentsOf: text.utf8)
        }
        func add(_ texts: [String]) {
            add(UInt64(texts.count))
            for text in texts { add(text) }
        }
        add([spec.defaultAction, spec.defaultErrnoRet.map { "\($0)" } ?? ""])
        add(spec.architectures ?? [])
        for rule in spec.syscalls ?? [] {
            add([rule.action, rule.errnoRet.map { "\($0)" } ?? ""])
            add(rule.names)
            add(UInt64(rule.args?.count ?? 0))
            for argument in rule.args ?? [] {
                add(UInt64(argument.index))
                add(argument.value)
                add(argument.valueTwo ?? 0)
                add(argument.op)
            }
        }
        return key
    }

    /// The length of the key, the key, the instructions.
    private static func read(_ path: String, _ key: [UInt8]) -> [UInt8]? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_uid == geteuid(),
            let bytes = try? Files.read(path, limit: 8 << 20)
        else { return nil }
        let length = withUnsafeBytes(of: UInt64(key.count)) { Array($0) }
        guard bytes.starts(with: length), bytes.dropFirst(8).starts(with: key) else { return nil }
        let instructions = Array(bytes.dropFirst(8 + key.count))
        return instructions.isEmpty || instructions.count % 8 != 0 ? nil : instructions
    }

    private func write(_ instructions: [UInt8], _ key: [UInt8], _ path: String) throws {
        try Files.makeDirectory(directory, mode: 0o700)
        let names = Files.list(directory)
        if names.count >= Self.most {
            func age(_ name: String) -> Int {
                var status = stat()
                return lstat("\(directory)/\(name)", &status) == 0 ? status.st_mtim.tv_sec : 0
            }
            if let oldest = names.min(by: { age($0) < age($1) }) { unlink("\(directory)/\(oldest)") }
        }
        let length = withUnsafeBytes(of: UInt64(key.count)) { Array($0) }
        try Files.write(length + key + instructions, to: path, mode: 0o600)
    }
}
