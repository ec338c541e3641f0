import Glibc
import LabCore
import Testing

@testable import VMDriver

struct KernelModulesTests {
    private func module(_ needs: String) -> [UInt8] {
        [0x7f, 0x45, 0x4c, 0x46, 2, 1] + Array("…\0license=GPL\0depends=\(needs)\0name=x\0".utf8)
    }

    /// A directory with modules, for the caller to remove.
    private func makeModules() throws -> String {
        let directory = "/tmp/lab-modules-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try Files.makeDirectory("\(directory)/kernel/drivers/virtio")
        try Files.makeDirectory("\(directory)/kernel/lib")
        for (name, needs) in [("a", "b,virtio-c"), ("b", "virtio-c,built-in"), ("virtio-c", "")] {
            try Files.write(module(needs), to: "\(directory)/kernel/drivers/virtio/\(name).ko")
        }
        try Files.write("kernel/lib/built_in.ko\n", to: "\(directory)/modules.builtin")
        return directory
    }

    @Test("each module comes after what it needs, and none twice")
    func eachModuleComesAfterWhatItNeeds() throws {
        let directory = try makeModules()
        defer { try? Files.removeTree(directory) }
        let modules = KernelModules(below: directory)
        #expect(try modules.inOrder(["a", "b"]).map(\.name) == ["virtio_c", "b", "a"])
        #expect(try modules.inOrder(["built_in"]).isEmpty)
        let error = #expect(throws: LabError.self) { _ = try modules.inOrder(["nothing"]) }
        #expect(error?.kind == .unavailable && error?.message.english.contains("nothing") == true)
    }

    private static let hasGzip = access("/usr/bin/gzip", X_OK) == 0 || access("/bin/gzip", X_OK) == 0

    @Test(.enabled(if: hasGzip, "skipped: there is no gzip to pack a module with"))
    func aPackedModuleIsUnpacked() throws {
        let directory = try makeModules()
        defer { try? Files.removeTree(directory) }
        let place = "\(directory)/kernel/drivers/virtio"
        let packed = try Tool.run("gzip", ["a.ko"], in: place, deadline: .now().advanced(by: .seconds(10)))
        #expect(packed.status == 0 && Files.exists("\(place)/a.ko.gz"))
        let loaded = try KernelModules(below: directory).inOrder(["a"])
        #expect(loaded.last == KernelModule(name: "a", bytes: module("b,virtio-c")))
        try Files.write("no module at all", to: "\(place)/b.ko")
        let error = #expect(throws: LabError.self) { _ = try KernelModules(below: directory).inOrder(["a"]) }
        #expect(error?.kind == .data && error?.message.english.contains("b.ko") == true)
    }

    @Test func noBytesCrashTheSearchForDependencies() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2_000 {
            var bytes = module("a,b")
            for _ in 0..<Int.random(in: 1..<6, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            _ = KernelModules.dependencies(of: bytes)
        }
        #expect(KernelModules.dependencies(of: []) == nil)
        #expect(KernelModules.dependencies(of: Array("\0depends=".utf8)) == [])
    }

    @Test("the machine's channel and modules stand before the workload")
    func channelAndModulesPrecedeTheWorkload() throws {
        let text = try KernelCommandLine.text(
            for: .idle, channel: .debugPort, timeStampKilohertz: nil, style: .plain, hasConsole: false,
            modules: ["a", "b"])
        #expect(text.hasSuffix("-- --machine --channel=port:0xe9 --modules=a,b idle"))
        #expect(!text.contains("console=") && !text.contains("noreplace-smp"))
    }
}
