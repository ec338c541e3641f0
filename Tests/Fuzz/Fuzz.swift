import Course
import Glibc
import Images
import LabCore
import LabFile
import OCI
import Results

/// Parsers that read what others wrote, fed with what libFuzzer makes up: `Tests/Fuzz/fuzz` builds and runs it. A trap is
/// found by itself, and so is a text that takes too long; what a parser promises beside is said here.
private enum Target: String, CaseIterable {
    case config, image, result, log, samples, hyperfine, lab, archive, guest

    func read(_ bytes: [UInt8]) {
        switch self {
        case .config:
            guard let spec = try? RuntimeSpec(json: bytes, of: "config.json"), let text = try? spec.text()
            else {
                return
            }
            guard let again = try? RuntimeSpec(json: Array(text.utf8), of: "text") else {
                fatalError("what was written can't be read: \(text)")
            }
            precondition(again == spec, "what was written reads otherwise: \(text)")
        case .image:
            _ = try? ImageManifest(json: bytes, of: "x")
            _ = try? ImageIndex(json: bytes, of: "x")
            _ = try? ImageSpec(json: bytes, of: "x", layers: 1)
        case .result: _ = try? ResultStore.parse(json: bytes, path: "x")
        case .log: _ = try? ResultStore.parse(log: bytes, path: "x")
        case .samples: _ = try? SampleTable.parse(bytes, path: "x")
        case .hyperfine: _ = try? Hyperfine.parse(bytes, path: "x")
        case .lab: _ = try? LabFile.parse(bytes, name: "lab.yaml", engines: [])
        case .archive:
            _ = try? Archive.read(bytes, Archive.Limits(bytes: 1 << 20, entries: 100, isPacked: true))
        case .guest:
            var transcript = GuestTranscript()
            transcript.receive(bytes) { _ in }
            transcript.finish()
        }
    }
}

/// The one that the variable LAB_FUZZ names.
private let target: Target = {
    let name = getenv("LAB_FUZZ").map { String(cString: $0) } ?? ""
    if let target = Target(rawValue: name) { return target }
    print("LAB_FUZZ is none of \(Target.allCases.map(\.rawValue).joined(separator: " "))")
    exit(64)
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.read(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Swift Package Manager names a program's beginning after its module.
@_cdecl("Fuzz_main")
public func begin(_ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    var (count, words) = (count, words)
    return runDriver(&count, &words, testOneInput)
}
