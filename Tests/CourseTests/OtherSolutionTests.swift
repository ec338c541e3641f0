import Testing

@testable import Course
@testable import LabCore

/// What a check makes of programs that are none of the solutions.
@Suite(.enabled("skipped for what is said above") { isFree(of: obstacle) }) struct OtherSolutionTests {
    @Test(
        "LOWER belongs to the root of the room: an overlay that is mounted on it there gives the upper directory"
    )
    func mountedOverlays() throws {
        let script = """
            #!/bin/sh
            set -e
            lower=$1
            shift
            cd /tmp
            mkdir upper work all
            mount -t overlay -o "lowerdir=$lower,upperdir=/tmp/upper,workdir=/tmp/work,userxattr" overlay all
            while [ $# -gt 0 ]; do
                case $1 in
                edit) echo "$3" >>"all/$2"; shift 3 ;;
                delete) rm -r "all/$2"; shift 2 ;;
                # Without a new directory there is no attribute, which not every file system has.
                replace) rm "all/$2"/*; echo "$4" >"all/$2/$3"; shift 4 ;;
                esac
            done
            umount all
            tar -C upper -cf - .

            """
        let verdict = try verdict(on: script, of: "layers")
        #expect(verdict.name == .passed, "\(verdict)")
    }

    @Test("The last lines of standard error come back as lines, and where they were cut is seen")
    func errorsComeBack() throws {
        let script =
            "#!/bin/sh\nfor n in $(seq 30); do echo \"line $n\" >&2; done; echo 'KeyError: 7' >&2; exit 3\n"
        let verdict = try verdict(on: script, of: "layers")
        let seen = try #require(verdict.judgements.last).seen.english
        #expect(seen.contains("status 3") && seen.hasSuffix("\n      line 30\n      KeyError: 7"), "\(seen)")
        #expect(seen.contains("…\n") && !seen.contains("line 2\n"), "\(seen)")
    }

    @Test(
        "A program that nothing executes says why",
        arguments: [
            ("#!/bin/sh\r\nexit 3\r\n", "carriage return"), ("#!/no/such\n", "/no/such"),
            ("\u{7f}ELF", "can't execute"), ("import sys\nsys.exit(3)\n", "sh(1)"),
        ])
    func notStarted(_ text: String, _ word: String) throws {
        for id in ["unshare", "layers", "kernel"] {
            let verdict = try verdict(on: text, of: id)
            if case .ungradable(let error) = verdict, id == "kernel", error.kind == .unavailable { continue }
            let last = try #require(verdict.judgements.last)
            #expect(last.mistake == NotStarted.mistake && last.seen.english.contains(word), "\(last)")
        }
        #expect(
            NotStarted.reason(
                Artefact(program: "a", files: ["a": Array("#!/bin/sh\nexit 1\n".utf8)]), errors: []) == nil)
    }

    @Test(
        "An archive that is empty or compressed, or has a name that is none, says so",
        arguments: [
            (":", "not a single byte"), ("tar -C \"$1\" -czf - .", "gzip"),
            ("tar -cPf - /etc/passwd", "\"/etc/passwd\""),
        ])
    func archivesAreNamed(_ script: String, _ word: String) throws {
        let verdict = try verdict(on: "#!/bin/sh\n\(script)\n", of: "layers")
        let seen = try #require(verdict.judgements.last).seen.english
        #expect(verdict.name == .notPassed && seen.contains(word), "\(seen)")
    }
}

@Suite struct TaskTests {
    @Test(
        "The points of `unshare` have every kind together, each leaves some out, and user comes with pid and mnt"
    )
    func everyKind() {
        for seed in 0..<64 {
            let key = ParameterKey([UInt8](repeating: UInt8(seed), count: 32))
            let kinds = (0..<3).map { point in
                var draw = key.draw(point: point)
                return Set(UnshareOracle().words(point, &draw).prefix { $0 != "--" })
            }
            #expect(kinds[0].union(kinds[1]).union(kinds[2]).count == 7)
            #expect(kinds.allSatisfy { $0.count < 7 })
            #expect(kinds.contains { $0.isSuperset(of: ["user", "pid", "mnt"]) })
        }
    }

    @Test("A prediction is counted once for each question that has more below it than itself")
    func answersAreCounted() throws {
        let unshare = try exercise("unshare")
        for language in Language.allCases {
            let questions = CourseDirectory.questions(unshare, language)
            #expect(CourseDirectory.answers(questions, unshare) == 0)
            let first = questions.replacing("\n   \n", with: "\n   Its old PID.\n", maxReplacements: 1)
            #expect(CourseDirectory.answers(first, unshare) == 1)
            let all = questions.replacing("\n   \n", with: "\n   This.\n")
            #expect(CourseDirectory.answers(all, unshare) == unshare.predictions.count)
        }
        #expect(CourseDirectory.answers("a stray line\n", unshare) == 0)
        #expect(CourseDirectory.answers("1. a\n2.\n3. c\n", unshare) == 2)
    }

    @Test("The first difference of two trees is named: too much, missing, other bytes or another kind")
    func differences() {
        func tree(_ nodes: [String: FileSnapshot.Node]) -> FileSnapshot {
            var tree = FileSnapshot()
            tree.nodes = nodes
            return tree
        }
        let wanted = tree(["a": .file([1]), "b": .directory])
        #expect(wanted.difference(from: wanted) == nil)
        for (nodes, words) in [
            (["b": .directory], "\"a\" is missing"),
            (["a": .file([1]), "b": .directory, "c": .other], "\"c\" is there"),
            (["a": .file([1, 2]), "b": .directory], "\"a\" has other contents: 2 bytes"),
            (["a": .file([1]), "b": .file([])], "\"b\" is of another kind"),
        ] as [([String: FileSnapshot.Node], String)] {
            #expect(tree(nodes).difference(from: wanted)?.english.hasPrefix(words) == true, "\(words)")
        }
    }
}
