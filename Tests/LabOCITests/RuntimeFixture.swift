import Artifacts
import FoundationEssentials
import Glibc
import LabCore
import OCI
import TestTrees
import Testing

@testable import LabOCI

/// The built program and those that it is held to.
enum Runtimes {
    /// nil when only the tests were built.
    static let ours: String? = {
        guard let guest = try? RootFilesystem.locateGuest(environment: [:]),
            let slash = guest.lastIndex(of: "/")
        else { return nil }
        let program = "\(guest[..<slash])/lab-oci"
        return access(program, X_OK) == 0 ? program : nil
    }()
    static let canRun = ours != nil && geteuid() == 0 && BusyboxTree.isThere
    static let reason: Comment = "lab-oci is not built, this is not root, or there is no static busybox"
}

struct Said {
    var status: Int32
    /// Standard output and standard error, together.
    var text: String
}

extension Said {
    init(_ output: Tool.Output) { self.init(status: output.status, text: output.text) }
}

/// A bundle with busybox in its root, and containers of a runtime on it, all removed with the last reference.
final class Bundle {
    let program: String
    let directory: String
    let tree: BusyboxTree
    private var made: [String] = []

    var state: String { "\(directory)/state" }
    var root: String { tree.path }

    init(_ program: String? = Runtimes.ours) throws {
        self.program = try #require(program)
        var template = Array("/tmp/lab-oci-tests-XXXXXX".utf8CString)
        try checked { mkdtemp(&template) == nil ? -1 : 0 }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        tree = try BusyboxTree()
    }

    deinit {
        for id in made { _ = try? call(["delete", "--force", id]) }
        try? MountTable.detach(in: directory)
        try? Files.removeTree(directory)
    }

    /// Of `spec`, without a terminal and with a command of its own.
    static func spec(_ arguments: [String]) -> RuntimeSpec {
        var spec = SpecTemplate.whole
        spec.ociVersion = "1.0.2"
        spec.process?.terminal = false
        spec.process?.args = arguments
        return spec
    }

    func write(_ spec: RuntimeSpec) throws {
        var spec = spec
        if spec.root?.path == "rootfs" { spec.root?.path = root }
        try Files.write(try spec.text(), to: "\(directory)/config.json")
    }

    /// Runs the runtime with its state here.
    func call(_ words: [String], variables: [String] = []) throws -> Said {
        try Said(
            Tool.run(
                program, ["--root", state] + words, in: directory, variables: variables,
                deadline: .now().advanced(by: .seconds(120))))
    }

    /// The id of a container that is removed with the bundle.
    func id(_ name: String = "c") -> String {
        let id = "lab-oci-\(getpid())-\(UInt32.random(in: 0 ... .max))-\(name)"
        made.append(id)
        return id
    }

    /// A container of a command, from its beginning to its end.
    func run(_ arguments: [String], _ change: (inout RuntimeSpec) throws -> Void = { _ in }) throws -> Said {
        var spec = Self.spec(arguments)
        try change(&spec)
        try write(spec)
        return try call(["run", id()])
    }

    func shell(_ script: String, _ change: (inout RuntimeSpec) throws -> Void = { _ in }) throws -> Said {
        try run(["/bin/sh", "-c", script], change)
    }

    /// Makes and starts one that sleeps.
    func started(_ change: (inout RuntimeSpec) throws -> Void = { _ in }) throws -> String {
        var spec = Self.spec(["/bin/sleep", "1000"])
        try change(&spec)
        try write(spec)
        let id = id()
        let created = try create(id)
        try #require(created.status == 0, "\(created.text)")
        let started = try call(["start", id])
        try #require(started.status == 0, "\(started.text)")
        return id
    }

    /// Its output is a file: `create` ends, and what it made has it still.
    func create(_ id: String, _ words: [String] = [], global: [String] = []) throws -> Said {
        let log = "\(directory)/output"
        let output = try Tool.run(
            "/bin/sh",
            ["-c", "exec \"$0\" \"$@\" >\(log) 2>&1 </dev/null", program, "--root", state] + global
                + ["create"] + words + [id],
            in: directory, deadline: .now().advanced(by: .seconds(120)))
        return Said(status: output.status, text: (try? Files.readText(log)) ?? "")
    }

    func report(_ id: String) throws -> ContainerReport {
        let output = try call(["state", id])
        try #require(output.status == 0, "\(output.text)")
        return try JSONDecoder().decode(ContainerReport.self, from: Data(output.text.utf8))
    }

    func mount(_ destination: String, _ type: String, _ source: String, _ options: [String])
        -> RuntimeSpec.Mount
    {
        RuntimeSpec.Mount {
            ($0.destination, $0.type, $0.source, $0.options) = (destination, type, source, options)
        }
    }
}

func waitUntil(_ limit: Duration = .seconds(20), _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = MonotonicInstant.now().advanced(by: limit)
    while MonotonicInstant.now() < deadline {
        if try condition() { return true }
        usleep(5_000)
    }
    return false
}
