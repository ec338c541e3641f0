import CLinux
import Glibc
import LabCore
import OCI

/// Which devices a container may use: nothing, then what config.json says in its order, then what every container has.
struct DeviceRules {
    struct Rule: Equatable {
        var isAllowed: Bool
        /// `a`, `b` or `c`.
        var type: Character
        /// nil for all.
        var major: UInt32?
        var minor: UInt32?
        /// Of `rwm`.
        var access: String
    }

    let rules: [Rule]

    /// To make nodes is no use of them; the rest are those of config-linux.md, "Default Devices", and terminals.
    private static let always: [Rule] =
        [
            Rule(isAllowed: true, type: "c", access: "m"), Rule(isAllowed: true, type: "b", access: "m"),
        ]
        + [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2), (136, nil)].map {
            Rule(isAllowed: true, type: "c", major: $0, minor: $1, access: "rwm")
        }

    init(_ asked: [RuntimeSpec.DeviceRule]) throws {
        var rules = [Rule(isAllowed: false, type: "a", access: "rwm")]
        for rule in asked {
            let type = (rule.type ?? "").isEmpty ? "a" : rule.type ?? "a"
            guard ["a", "b", "c"].contains(type), let letter = type.first else {
                throw Failure("linux.resources.devices: \(ForeignText.line(type, most: 40)) is no type")
            }
            let access = (rule.access ?? "").isEmpty ? "rwm" : rule.access ?? "rwm"
            guard access.allSatisfy({ "rwm".contains($0) }) else {
                throw Failure("linux.resources.devices: \(ForeignText.line(access, most: 40)) is no access")
            }
            func number(_ value: Int64?) -> UInt32? { value.flatMap { $0 < 0 ? nil : UInt32(clamping: $0) } }
            rules.append(
                Rule(
                    isAllowed: rule.allow, type: letter, major: number(rule.major), minor: number(rule.minor),
                    access: access))
        }
        self.rules = rules + Self.always
    }

    func apply(v1: CgroupPlace?, v2: CgroupPlace?) throws {
        if let v1, !v1.hierarchy.isUnified { return try write(to: v1.directory) }
        if let v2 { return try attach(to: v2.directory) }
        throw Failure("cannot hold devices: no cgroup is mounted that does")
    }

    /// As Documentation/admin-guide/cgroup-v1/devices.rst in Linux has it.
    private func write(to directory: String) throws {
        func open(_ name: String) throws -> FileDescriptor {
            do { return try FileDescriptor.open("\(directory)/\(name)", O_WRONLY) } catch {
                throw Failure("failed to open \(directory)/\(name)", error)
            }
        }
        let allow = try open("devices.allow")
        let deny = try open("devices.deny")
        for rule in rules {
            func text(_ number: UInt32?) -> String { number.map(String.init) ?? "*" }
            let line =
                rule.type == "a" && rule.major == nil && rule.minor == nil
                ? "a" : "\(rule.type) \(text(rule.major)):\(text(rule.minor)) \(rule.access)"
            // The kernel takes no type for all devices of a number.
            let lines =
                line.hasPrefix("a ")
                ? ["b", "c"].map { "\($0)\(line.dropFirst())" } : [line]
            for line in lines {
                do {
                    if rule.isAllowed { try allow.writeAll(line.utf8) } else { try deny.writeAll(line.utf8) }
                } catch {
                    let path = "\(directory)/devices.\(rule.isAllowed ? "allow" : "deny")"
                    throw Failure("failed to write \"\(line)\" to \"\(path)\"", error)
                }
            }
        }
    }

    /// A program that the kernel runs at each use of a device: the last rule that fits decides. See `struct bpf_cgroup_dev_ctx`
    /// in linux/bpf.h.
    var program: [bpf_insn] {
        func instruction(
            _ code: UInt8, _ to: UInt8, from: UInt8 = 0, offset: Int16 = 0, _ value: Int32 = 0
        ) -> bpf_insn {
            var result = bpf_insn()
            (result.code, result.off, result.imm) = (code, offset, value)
            (result.dst_reg, result.src_reg) = (to, from)
            return result
        }
        // r2: type, r3: access, r4: major, r5: minor
        var program = [
            instruction(0x61, 2, from: 1), instruction(0x54, 2, 0xffff), instruction(0x61, 3, from: 1),
            instruction(0x74, 3, 16), instruction(0x61, 4, from: 1, offset: 4),
            instruction(0x61, 5, from: 1, offset: 8),
        ]
        for rule in rules.reversed() {
            // Each test jumps over what is left of the rule when it fails: the offset is known at its end.
            var block: [bpf_insn] = []
            var jumps: [Int] = []
            func test(_ code: UInt8, _ register: UInt8, _ value: Int32) {
                jumps.append(block.count)
                block.append(instruction(code, register, value))
            }
            if rule.type != "a" { test(0x56, 2, rule.type == "b" ? 1 : 2) }  // BPF_JMP32 | BPF_JNE
            let bits: [(Character, Int32)] = [("m", 1), ("r", 2), ("w", 4)]
            let access = bits.reduce(0 as Int32) { rule.access.contains($1.0) ? $0 | $1.1 : $0 }
            if access != 7 {
                if rule.isAllowed {
                    // All that is wanted must be in the rule.
                    block.append(instruction(0xbc, 1, from: 3))  // r1 = r3
                    block.append(instruction(0x54, 1, ~access & 7))  // r1 &= …
                    test(0x56, 1, 0)
                } else {
                    block.append(instruction(0xbc, 1, from: 3))
                    block.append(instruction(0x54, 1, access))
                    test(0x16, 1, 0)  // BPF_JEQ: none of it is wanted
                }
            }
            if let major = rule.major { test(0x56, 4, Int32(bitPattern: major)) }
            if let minor = rule.minor { test(0x56, 5, Int32(bitPattern: minor)) }
            block.append(instruction(0xb4, 0, rule.isAllowed ? 1 : 0))  // r0 = …
            block.append(instruction(0x95, 0))  // exit
            for jump in jumps { block[jump].off = Int16(block.count - jump - 1) }
            program += block
            // What comes behind a rule for everything is never reached, and the kernel refuses such a program.
            if jumps.isEmpty { return program }
        }
        return program + [instruction(0xb4, 0, 0), instruction(0x95, 0)]
    }

    private func attach(to directory: String) throws {
        do {
            let program = program
            let loaded = FileDescriptor(
                owning: try program.withUnsafeBufferPointer { program in
                    try Kernel.check {
                        clinux_load_device_program(program.baseAddress, UInt32(program.count))
                    }
                })
            let cgroup = try FileDescriptor.open(directory, O_RDONLY | O_DIRECTORY)
            try Kernel.check { clinux_attach_device_program(loaded.rawValue, cgroup.rawValue) }
        } catch { throw Failure("failed to hold devices by a program of \(directory): \(error.words)") }
    }
}
