import LabFile
import Testing

@testable import LabCore

/// The order in which labs can be understood.
@Suite struct LabOrderTests {
    private func withLabs(
        _ after: [(id: String, after: String)], _ body: (LabDirectory) throws -> Void
    ) throws {
        try withTemporaryDirectory { path in
            for (id, labs) in after {
                try Files.makeDirectory("\(path)/\(id)")
                try Files.write(
                    "id: \(id)\n\(labs)\ncommand: {image: 'rootfs:/', run: [\"true\"]}\n",
                    to: "\(path)/\(id)/lab.yaml")
            }
            try body(try LabDirectory.open(path))
        }
    }

    @Test(
        "No lab of this checkout comes before one that it rests on: one primitive first, types of hypervisors late"
    )
    func noLabComesTooEarly() throws {
        let directory = try LabDirectory.open("\(checkout)/labs")
        let labs = try directory.inOrder()
        let ids = labs.map(\.id)
        #expect(ids.sorted() == directory.ids)
        for (place, lab) in labs.enumerated() {
            for id in lab.after ?? [] { #expect(ids[..<place].contains(id), "\(lab.id) after \(id)") }
        }
        #expect(ids.prefix(3) == ["namespaces", "cgroups", "overlay"])
        #expect(Set(ids.suffix(4)) == ["virtualisation-layer", "hypervisors", "vm-tuning", "tools"])
    }

    @Test("Each lab's README links what comes before it and what comes after it, in both languages")
    func neighboursAreLinked() throws {
        let labs = try LabDirectory.open("\(checkout)/labs").inOrder()
        for name in ["README.md", "README.zh.md"] {
            for lab in labs {
                let text = try Files.readText("\(checkout)/labs/\(lab.id)/\(name)")
                let head = text.prefix(upTo: text.firstRange(of: "\n## ")?.lowerBound ?? text.startIndex)
                let later = labs.filter { $0.after?.contains(lab.id) == true }.map(\.id)
                for id in (lab.after ?? []) + later {
                    #expect(head.contains("(../\(id)/\(name))"), "\(lab.id)/\(name) does not link \(id)")
                }
            }
        }
    }

    @Test("Of labs as deep as each other the order is that of their ids, whatever theirs in the file")
    func order() throws {
        let labs = [("a", "after: [c]"), ("b", ""), ("c", "after: [b]"), ("d", "after: [b]")]
        try withLabs(labs) { directory in
            let ids = try directory.inOrder().map(\.id)
            #expect(ids == ["b", "c", "d", "a"])
        }
    }

    @Test("A lab after one that is not there, and labs after each other, are refused with what to do")
    func refused() throws {
        for labs in [[("a", "after: [bb]"), ("b", "")], [("a", "after: [b]"), ("b", "after: [a]")]] {
            try withLabs(labs) { directory in
                let error = #expect(throws: LabError.self) { try directory.inOrder() }
                #expect(error?.kind == .data && error?.remedy != nil)
            }
        }
        try withLabs([("a", "after: [a]")]) { directory in
            #expect(throws: LabError.self) { try directory.inOrder() }
        }
    }
}
