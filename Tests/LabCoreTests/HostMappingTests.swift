import Glibc
import Testing

@testable import LabCore

@Suite struct HostMappingTests {
    @Test func eachMappingHasItsOwnFigures() {
        let text = """
            7f00-7f10 rw-p 00000000 00:00 0 
            Size:             262144 kB
            KernelPageSize:        4 kB
            Rss:               83968 kB
            Pss:               83968 kB
            Pss_Dirty:         83968 kB
            THPeligible:           1
            VmFlags: rd wr mr mw me dc ac sd hg
            7f10-7f20 r--p 00000000 08:01 17   /usr/lib/a b.so
            Size:                  8 kB
            Pss:                   3 kB
            """
        #expect(
            HostMapping.all(smaps: text) == [
                HostMapping(size: 256 << 20, proportional: 82 << 20),
                HostMapping(size: 8 << 10, proportional: 3 << 10),
            ])
    }

    @Test func theMappingsOfAProcessAddUpToItsMemory() throws {
        let length = 32 << 20
        let start = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        let memory = try #require(start == MAP_FAILED ? nil : start)
        defer { munmap(memory, length) }
        memset(memory, 1, length / 2)
        let own = HostProcess(pid: getpid())
        let mappings = try own.mappings()
        #expect(mappings.contains { $0.size >= UInt64(length) && $0.proportional >= UInt64(length / 2) })
        // Other tests run beside this one, so that the two readings differ by what they take meanwhile.
        let sum = Double(mappings.reduce(0) { $0 + $1.proportional })
        let whole = Double(try own.proportionalBytes())
        #expect(abs(sum - whole) < whole / 2, "\(sum) of \(whole)")
    }

    @Test("The memory of a process that executes one program after the other can be read")
    func executingProcess() throws {
        try withTemporaryDirectory { directory in
            let script = "\(directory)/again"
            try Files.write("#!/bin/sh\nexec \"$0\"\n", to: script, mode: 0o700)
            Files.waitUntilUnwritten(script)
            var argv: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup(script), nil]
            defer { argv.forEach { free($0) } }
            var pid: pid_t = 0
            try #require(posix_spawnp(&pid, "sh", nil, nil, &argv, environ) == 0)
            defer {
                kill(pid, SIGKILL)
                waitpid(pid, nil, 0)
            }
            for _ in 0..<500 { _ = try HostProcess(pid: pid).proportionalBytes() }
        }
    }

    @Test func noTextCrashesTheParser() {
        for text in ["", "Pss: 1 kB", "Size: x kB\nPss: 99999999999999999999 kB", "Size:\n Size: -1 kB"] {
            #expect(HostMapping.all(smaps: text).allSatisfy { $0.size == 0 })
        }
    }
}
