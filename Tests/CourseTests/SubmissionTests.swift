import CLinux
import Glibc
import Testing

@testable import Course
@testable import LabCore

func getAttribute(_ path: String, _ name: String, _ value: inout UInt8) -> Int {
    clinux_get_attribute(path, name, &value, 1)
}

@Suite struct SubmissionTests {
    private let secret = ParameterKey([UInt8](repeating: 7, count: 32))
    private let files = ["launch": Array("#!/bin/sh\n".utf8), "explanation.md": Array("why".utf8)]

    private func student(_ name: String, of secret: ParameterKey? = nil) -> CourseDirectory.Student {
        .init(name: name, ticket: (secret ?? self.secret).ticket(of: name).hexadecimal)
    }

    private func refusal(_ archive: [UInt8]) -> LabError? {
        #expect(throws: LabError.self) { try Submission(archive: archive, exercises: exercises) }
    }

    @Test("What a student hands in is read again and is the student's; the archive is the same each time")
    func itIsAccepted() throws {
        let submission = try Submission(student("ada"), ["unshare": files])
        let archive = try submission.archive()
        #expect(try submission.archive() == archive)
        let read = try Submission(archive: archive, exercises: exercises)
        #expect(read == submission)
        try read.require("ada", of: secret)
        let artefact = try #require(read.artefact(of: exercise("unshare")))
        // A text is handed in, and not run.
        #expect(artefact.files == ["launch": Array("#!/bin/sh\n".utf8)])
        #expect(read.artefact(of: try exercise("layers")) == nil)
    }

    @Test("Somebody else's, another course's and one that was changed have no right seal")
    func sealsHold() throws {
        var submission = try Submission(student("bob"), ["unshare": files])
        #expect(throws: LabError.self) { try submission.require("ada", of: secret) }
        submission.manifest.student = "ada"
        #expect(throws: LabError.self) { try submission.require("ada", of: secret) }
        let other = ParameterKey([UInt8](repeating: 8, count: 32))
        let foreign = try Submission(student("ada", of: other), ["unshare": files])
        #expect(throws: LabError.self) { try foreign.require("ada", of: secret) }
        var changed = try Submission(student("ada"), ["unshare": files])
        changed.manifest.exercises["unshare"]?.files["launch"] = "0"
        #expect(throws: LabError.self) { try changed.require("ada", of: secret) }
    }

    @Test("Files that no exercise has, links, a second manifest and files unlike the manifest are refused")
    func strangersAreRefused() throws {
        let submission = try Submission(student("ada"), ["unshare": files])
        let archive = try submission.archive()
        let entries = try Archive.read(archive, .init(bytes: 1 << 20, entries: 9, isPacked: true))
        let plain = entries.compactMap { entry -> (path: String, bytes: [UInt8])? in
            if case .file(let bytes) = entry.kind { (entry.path, bytes) } else { nil }
        }
        #expect(try Archive.write(plain) == archive)
        for extra in [
            "unshare/other", "other/launch", "launch", "unshare/launch", "manifest.json", "journal.jsonl",
        ] {
            #expect(refusal(try Archive.write(plain + [(extra, plain[0].bytes)]))?.kind == .data, "\(extra)")
        }
        #expect(refusal(try Archive.write(Array(plain.dropFirst())))?.kind == .data)
        #expect(refusal(try Archive.write(Array(plain.dropLast())))?.kind == .data)
        var tar = HandMadeTar()
        for file in plain where file.path != "unshare/launch" { tar.add(file.path, content: file.bytes) }
        tar.add("unshare/launch", type: "2", link: "../../bob/unshare/launch")
        #expect(refusal(tar.ended)?.kind == .data)
        #expect(refusal([])?.kind == .data)
        #expect(refusal([UInt8](repeating: 0, count: Submission.mostBytes + 1))?.kind == .data)
    }

    @Test("One that is too large is not written")
    func itHasALimit() throws {
        var generator = SeededGenerator(seed: 3)
        let noise = (0..<Submission.mostBytes + 1).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let submission = try Submission(student("ada"), ["unshare": ["launch": noise]])
        #expect(throws: LabError.self) { try submission.archive() }
    }
}

@Suite struct ArtefactTests {
    @Test("Only files of the directory itself are taken: no link, no FIFO, nothing too large")
    func onlyFiles() throws {
        try withDirectory { directory in
            try Files.makeDirectory("\(directory)/ada")
            try Files.makeDirectory("\(directory)/bob")
            try Files.write("theirs", to: "\(directory)/bob/launch")
            let own = "\(directory)/ada/launch"
            #expect(throws: LabError.self) { try Artefact.read("\(directory)/ada", files: ["launch"]) }
            symlink("../bob/launch", own)
            #expect(throws: LabError.self) { try Artefact.read("\(directory)/ada", files: ["launch"]) }
            unlink(own)
            mkfifo(own, 0o600)
            #expect(throws: LabError.self) { try Artefact.read("\(directory)/ada", files: ["launch"]) }
            unlink(own)
            try Files.write([UInt8](repeating: 0, count: Artefact.mostBytes + 1), to: own)
            #expect(throws: LabError.self) { try Artefact.read("\(directory)/ada", files: ["launch"]) }
            try Files.write("mine", to: own)
            try Files.write("other", to: "\(directory)/ada/notes")
            #expect(
                try Artefact.read("\(directory)/ada", files: ["launch", "more"]).files == [
                    "launch": Array("mine".utf8)
                ])
        }
    }

    @Test("The digest is of names and bytes")
    func digests() {
        func digest(_ files: [String: [UInt8]]) -> String { Artefact(program: "a", files: files).digest }
        #expect(digest(["a": [1], "b": [2]]) == digest(["b": [2], "a": [1]]))
        #expect(Set([digest(["a": [1]]), digest(["a": [2]]), digest(["b": [1]]), digest([:])]).count == 4)
    }
}
