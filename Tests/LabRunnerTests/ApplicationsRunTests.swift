import Glibc
import LabCore
import Results
import Testing

@Suite("Real applications, run", .enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built"))
struct ApplicationsRunTests {
    @Test(
        "The smallest work of the lab runs in an image that its recipe makes, in a bare process and in a container",
        .enabled(if: geteuid() == 0, "skipped: not root"),
        .enabled(
            if: Tool.find("mmdebstrap") != nil && getenv("LAB_FETCH") != nil,
            "skipped: there is no mmdebstrap, or no LAB_FETCH=1 that lets it use the network"))
    func theSmallestWorkRuns() throws {
        let lab = try LabProgram()
        let folder = "\(lab.directory.path)/applications"
        try Files.makeDirectory(folder)
        for name in ["bench", "image.yaml", "lab.yaml", "sample.c"] {
            var text = try Files.readText("\(checkout)/labs/applications/\(name)")
            if name == "image.yaml" {
                // One package of them, and what the others' scripts leave.
                let packages = try #require(text.firstMatch(of: /packages: \[.*\]/)).0
                text = text.replacing(packages, with: "packages: [python3-minimal]")
                text = text.replacing(/\nrun:\n(?: .*\n)+/, with: "\n")
            }
            if name == "lab.yaml" {
                text = text.replacing(/\n +- (?!python-pass)[a-z-]+(?=\n)/, with: "")
                text = text.replacing(/argument: \[.*\]/, with: "argument: [python-pass]")
            }
            try Files.write(text, to: "\(folder)/\(name)", mode: name == "bench" ? 0o755 : 0o644)
        }
        let missing = try lab.run(["run", "./applications"])
        #expect(missing.status == 66)
        #expect(missing.errors.contains("lab image build applications makes it, once"), "\(missing.errors)")
        let built = try lab.run(["image", "build", "applications"])
        #expect(built.status == 0, "\(built.errors)")
        let finished = try lab.run(
            ["run", "./applications", "--engine", "process,container,bwrap", "--samples", "1"]
                + ["--output", "out"])
        #expect(finished.status == 0 && finished.output.contains("python-pass"), "\(finished.errors)")
        let samples = try ResultStore.load("\(lab.directory.path)/out/result.json").samples
        #expect(Set(samples.map(\.engine)).isSuperset(of: [.process, .container]))
        for sample in samples {
            #expect(sample.outcome == .completed && sample.parameters.argument == "python-pass")
            #expect((sample.values["round-ns"] ?? 0) > 0 && (sample.values["output-operations"] ?? 0) >= 1)
        }
        #expect(lab.leftovers.isEmpty)
    }
}
