import Testing

@testable import ContainerDriver

struct ProcessLimitTests {
    @Test(
        "A limit goes to the namespace only where that has one of its own",
        arguments: [
            ("6.14.0", 2_048, true), ("6.18.5-arch1", 300, true), ("7.0", 2_048, true),
            ("10.0.1", 2_048, true),
            // Before, the same file was the whole machine's.
            ("6.13.12", 2_048, false), ("6.1.0-40-amd64", 2_048, false), ("5.15.0", 2_048, false),
            // What can't be read is not trusted, and a small limit is not exact there.
            ("6", 2_048, false), ("", 2_048, false), ("x.y", 2_048, false), ("6.18.0", 299, false),
        ])
    func onlyWhereTheNamespaceHasItsOwn(release: String, number: Int, expected: Bool) {
        #expect(ProcessLimit.isHeldByNamespace(number, release: release, processors: 4) == expected)
    }

    @Test("A machine with many processors takes no small number")
    func manyProcessors() {
        #expect(ProcessLimit.isHeldByNamespace(2_048, release: "6.18.0", processors: 256))
        #expect(!ProcessLimit.isHeldByNamespace(2_048, release: "6.18.0", processors: 512))
    }
}
