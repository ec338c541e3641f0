import Foundation
import Glibc
import LabCore
import Testing

@testable import VMDriver

struct GuestTests {
    /// A bzImage header over `payload`, with the fields that boot.rst demands.
    private func bzImage(payload: [UInt8]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1_024)
        func put(_ value: [UInt8], at offset: Int) {
            bytes.replaceSubrange(offset..<offset + value.count, with: value)
        }
        bytes[0x1f1] = 1
        put([0x55, 0xaa], at: 0x1fe)
        put(Array("HdrS".utf8) + [0x0f, 0x02], at: 0x202)
        put([0x80, 0x00], at: 0x20e)
        bytes[0x211] = 1
        put([0, 0, 0, 0, UInt8(payload.count)], at: 0x248)
        put(Array("6.1.0-test (x)".utf8), at: 0x280)
        return bytes + payload
    }

    @Test func aBzImageIsRecognised() {
        let bytes = bzImage(payload: [1, 2, 3, 4, 5, 6])
        #expect(KernelImage(bytes) == .bzImage(version: "6.1.0-test", payload: 1_024..<1_030))
    }

    @Test func noBytesCrashTheParser() {
        var generator = SeededGenerator(seed: 7)
        let image = bzImage(payload: [1, 2, 3, 4, 5, 6])
        let elf: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1] + [UInt8](repeating: 0, count: 200)
        for round in 0..<4_000 {
            var bytes = round % 2 == 0 ? image : elf
            for _ in 0..<Int.random(in: 1..<12, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            if case .bzImage(_, let payload)? = KernelImage(bytes) {
                #expect(payload.upperBound <= bytes.count)
            }
        }
    }

    @Test func aWrongKernelIsRefusedWithItsName() {
        let error = #expect(throws: LabError.self) {
            _ = try GuestKernel.open("/etc/passwd", unpack: true, paths: Bench.shared.paths)
        }
        #expect(error?.kind == .data)
        #expect(error?.message.english.contains("/etc/passwd") == true)
        let missing = #expect(throws: LabError.self) {
            _ = try GuestKernel.open("/nonexistent", unpack: true, paths: Bench.shared.paths)
        }
        #expect(missing?.kind == .input)
    }

    @Test func kernelsForVMsComeFirstThenTheNewest() {
        let order = [
            "/boot/vmlinuz-5.10.0-9-amd64", "/boot/vmlinuz-6.1.0-9-cloud-amd64",
            "/boot/vmlinuz-6.1.0-10-cloud-amd64",
            "/boot/vmlinuz-6.12.1-amd64",
        ].sorted { GuestKernel.isBetter($0, $1) }
        #expect(
            order.map { String($0.split(separator: "-")[1] + "-" + $0.split(separator: "-")[2]) }
                == ["6.1.0-10", "6.1.0-9", "6.12.1-amd64", "5.10.0-9"])
    }

    private static let hasCpio = access("/usr/bin/cpio", X_OK) == 0 || access("/bin/cpio", X_OK) == 0

    @Test(.enabled(if: hasCpio, "skipped: there is no cpio to read the archive with"))
    func theInitramfsIsReproducible() throws {
        let base = "/tmp/lab-initramfs-\(getpid())"
        defer { try? Files.removeTree(base) }
        for copy in ["a", "b"] {
            try Files.makeDirectory("\(base)/\(copy)/dev")
            try Files.write("hello", to: "\(base)/\(copy)/file", mode: 0o755)
            symlink("file", "\(base)/\(copy)/link")
            usleep(20_000)
        }
        let first = try Initramfs.archive(directory: "\(base)/a")
        #expect(try Initramfs.archive(directory: "\(base)/b") == first)
        #expect(first.starts(with: Array("070701".utf8)))
        try Files.write(first, to: "\(base)/archive")
        let listing = try Tool.run(
            "sh", ["-c", "cpio -itv --quiet < archive"], in: base, deadline: .now().advanced(by: .seconds(10))
        )
        #expect(listing.status == 0)
        for name in ["file", "link -> file", "dev/console"] { #expect(listing.text.contains(name)) }
    }

    @Test func theProbesAnswerIsReadBack() throws {
        for answer in [
            Availability.available, .unavailable(LabError(.unavailable, "a \(1)")),
            .unavailable(LabError(.timeout, "c", remedy: "d", detail: .notInstalled)),
        ] {
            let kept = try JSONEncoder().encode(answer)
            #expect(try JSONDecoder().decode(Availability.self, from: kept) == answer)
        }
    }

    @Test("the console keeps its end and nothing unprintable")
    func theConsoleKeepsItsPrintableEnd() {
        var tail = ConsoleTail()
        for line in 0..<20_000 { tail.append(Array("line \(line) \u{1b}[2J\r\n".utf8)) }
        #expect(tail.lastLines(1) == ["line 19999 ?[2J"])
    }

    /// A VM that is ended while its guest speaks leaves half a record.
    @Test("half a record is the fault of a guest that stopped by itself", arguments: [true, false])
    func halfARecordIsTheGuestsFault(isEnding: Bool) throws {
        let directory = "/tmp/lab-watch-tests-\(getpid())-\(isEnding)"
        try Files.makeDirectory(directory)
        defer { try? Files.removeTree(directory) }
        for name in ["console", "records"] { try checked { mkfifo("\(directory)/\(name)", 0o600) } }
        let watch = GuestWatch(requested: .now())
        let pipes = try PipeListener(
            consolePath: "\(directory)/console", recordPath: "\(directory)/records", for: watch)
        defer { pipes.stop() }
        let deadline = MonotonicInstant.now().advanced(by: .seconds(10))
        do {
            let guest = try FileDescriptor.open("\(directory)/records", O_WRONLY)
            try guest.writeAll(Array("init\nready\nmetric uptime-".utf8))
            #expect(try watch.wait(until: { $0.timeline[.ready] != nil }, deadline: deadline).isDone)
            if isEnding { watch.expectEnd() }
        }
        let (view, isOver) = try watch.wait(until: { $0.isOver }, deadline: deadline)
        #expect(isOver)
        #expect((view.transcript.violation == nil) == isEnding, "\(view.transcript)")
    }
}
