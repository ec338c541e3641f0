import Foundation
import Glibc
import Testing

@testable import ContainerDriver
@testable import Course
@testable import LabCore
@testable import LabFile
@testable import VMDriver

let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
let isRoot = geteuid() == 0

/// The exercises of this checkout.
let exercises: [ExerciseDefinition] =
    (try? ExerciseDirectory.open("\(checkout)/exercises", oracles: Oracles.mistakes).all()) ?? []

func exercise(_ id: String) throws -> ExerciseDefinition { try #require(exercises.first { $0.id == id }) }

/// The folder of an exercise's solutions.
func solutions(of exercise: ExerciseDefinition) -> String {
    let number = exercise.number < 10 ? "0\(exercise.number)" : "\(exercise.number)"
    return "\(checkout)/exercises-solutions/\(number)-\(exercise.id)"
}

/// Why this machine makes no room; nil when it does.
let obstacle: String? = {
    do {
        try withRun { try CheckBench(context: $0, limit: CheckBench.limit).proveRoom() }
        return nil
    } catch {
        return "\(error)"
    }
}()
let hasLimits = Isolation.ofThisUser().contains(.limits)

/// Whether this machine has a kernel for guests, or can fetch one.
let hasGuestKernel: Bool = (try? withRun { try RoomGuest($0) }) != nil

/// A run's context with a home of its own; nothing of either is left.
func withRun<Value>(_ body: (RunContext) throws -> Value) throws -> Value {
    try withDirectory { home in
        let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
        // Where tests of VMs keep the kernel that they fetch: it outlives a test run.
        let kernels = "/tmp/lab-vm-tests-\(getuid())/cache/kernels"
        for directory in [kernels, paths.cache] { try Files.makeDirectory(directory) }
        symlink(kernels, "\(paths.cache)/kernels")
        let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
        try Files.makeDirectory("\(home)/root")
        try RootFilesystem.make(try Files.read(guest), at: "\(home)/root")
        let root = RootFilesystem(directory: "\(home)/root", digest: "", guestDigest: "")
        let journal = try RunJournal(runID: "x\(UInt32.random(in: 0 ... .max))", paths: paths)
        defer { journal.finish() }
        let value = try body(
            RunContext(
                runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root, mayFetch: true))
        let left = try journal.recorded().filter { Files.exists($0.name) }
        #expect(left.isEmpty, "left behind: \(left.map(\.name))")
        return value
    }
}

/// A directory that is gone afterwards.
func withDirectory<Value>(_ body: (String) throws -> Value) throws -> Value {
    let path = "/tmp/lab-course-tests-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    try Files.makeDirectory(path)
    defer { try? Files.removeTree(path) }
    return try body(path)
}

/// What an oracle says of a shell script.
func verdict(on script: String, of id: String, seconds: Int = 20) throws -> CheckVerdict {
    let exercise = try exercise(id)
    let program = try #require(exercise.files.first)
    let artefact = Artefact(program: program, files: [program: Array(script.utf8)])
    return try withRun { context in
        try Check(Oracles.named(exercise.oracle), .random(), context, limit: .seconds(seconds)).verdict(
            on: artefact)
    }
}

/// An archive of hand-made headers, which no tool would write: ustar, see tar(5).
struct HandMadeTar {
    private(set) var bytes: [UInt8] = []

    mutating func add(
        _ name: String, type: Character = "0", content: [UInt8] = [], link: String = "", size: Int? = nil,
        device: (Int, Int) = (0, 0)
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) {
            for (offset, byte) in text.utf8.enumerated() { header[place + offset] = byte }
        }
        func octal(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        put(String(name.prefix(100)), at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(size ?? content.count, 11), at: 124)
        put("00000000000", at: 136)
        put("        ", at: 148)
        put(String(type), at: 156)
        put(String(link.prefix(100)), at: 157)
        put("ustar\u{0}00", at: 257)
        put(octal(device.0, 7), at: 329)
        put(octal(device.1, 7), at: 337)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0}", at: 148)
        bytes += header + content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// With the two empty blocks at its end.
    var ended: [UInt8] { bytes + [UInt8](repeating: 0, count: 1_024) }
}

/// Whether there is no obstacle; says which there is. Not in a trait's own comment: those are made of all tests whenever the
/// program of the tests is started, whichever are run, and to know this one takes a room.
func isFree(of obstacle: String?) -> Bool {
    if let obstacle { print(obstacle) }
    return obstacle == nil
}
