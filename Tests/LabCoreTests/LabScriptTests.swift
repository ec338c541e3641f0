import Foundation
import LabCore
import Testing

/// `./lab`, run in a checkout of its own with a stand-in for the built program: what is tested is when it builds.
@Suite(.enabled(if: !Files.exists("/usr/bin/swift"), "skipped: swift is in /usr/bin, so it can't be hidden"))
struct LabScriptTests {
    private struct Outcome {
        var status: Int32
        var output: String
        var errors: String
    }

    private func withCheckout(_ body: (String) throws -> Void) throws {
        try withTemporaryDirectory { path in
            try Files.makeDirectory("\(path)/Sources")
            try Files.write("", to: "\(path)/Package.swift")
            try Files.write(try Files.read("\(checkout)/lab"), to: "\(path)/lab", mode: 0o755)
            try body(path)
        }
    }

    /// Puts a program in place that prints its arguments, newer than every source.
    private func pretendBuilt(_ path: String) throws {
        let built = "\(path)/.build/release"
        try Files.makeDirectory(built)
        for name in ["lab", "lab-guest"] {
            try Files.write("#!/bin/sh\nprintf '%s|' \"$@\"\n", to: "\(built)/\(name)", mode: 0o755)
        }
        try Files.write("", to: "\(built)/lab.built")
    }

    /// Runs `./lab` with a PATH without Swift.
    private func lab(_ path: String, _ arguments: String...) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(path)/lab")
        process.arguments = arguments
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": path]
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Both stay far below a pipe's capacity, so that reading one after the other can't block.
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, output: text, errors: complaints)
    }

    @Test func withoutSwiftItSaysHowToGetIt() throws {
        try withCheckout { path in
            for command in ["run", "test", "rig"] {
                let outcome = try lab(path, command)
                #expect(outcome.status == 69)
                #expect(outcome.output.isEmpty)
                #expect(outcome.errors.contains("https://www.swift.org/install/linux/"))
                #expect(outcome.errors.contains("./swiftly init"))
            }
        }
    }

    @Test("what is built is started without Swift and with its arguments")
    func whatIsBuiltIsStartedWithoutSwift() throws {
        try withCheckout { path in
            try pretendBuilt(path)
            let outcome = try lab(path, "run", "a b", "", "--json")
            #expect(outcome.status == 0)
            #expect(outcome.output == "run|a b||--json|")
            #expect(outcome.errors.isEmpty)
        }
    }

    @Test(arguments: ["changed", "added", "guest gone"])
    func aChangeMakesItBuild(change: String) throws {
        try withCheckout { path in
            try pretendBuilt(path)
            // A time stamp's grain may be a clock tick; the change must be later by more than that.
            usleep(20_000)
            switch change {
            case "changed": try Files.write("// changed", to: "\(path)/Package.swift")
            case "added": try Files.makeDirectory("\(path)/Sources/New")
            default: try Files.removeTree("\(path)/.build/release/lab-guest")
            }
            #expect(try lab(path, "version").status == 69, "it looked for swift")
        }
    }
}
