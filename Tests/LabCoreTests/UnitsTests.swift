import Testing

@testable import LabCore

struct UnitsTests {
    @Test(arguments: [
        ("30 s", Duration.seconds(30)), ("500ms", .milliseconds(500)), ("2 min", .seconds(120)),
        (" 1.5 s ", .milliseconds(1_500)), ("0.000000001 s", .nanoseconds(1)), ("1 h", .seconds(3_600)),
        ("7 µs", .microseconds(7)), ("7us", .microseconds(7)), ("0 s", .zero),
        ("2.50 ms", .microseconds(2_500)),
    ])
    func durationsAreReadExactly(text: String, expected: Duration) throws {
        #expect(try Units.parseDuration(text) == expected)
    }

    @Test(arguments: [
        ("256 MiB", 268_435_456 as UInt64), ("1GiB", 1_073_741_824), ("512", 512), ("512 B", 512),
        ("1.5 KiB", 1_536), ("0.5 TiB", 549_755_813_888),
    ])
    func sizesAreReadExactly(text: String, expected: UInt64) throws {
        #expect(try Units.parseBytes(text) == expected)
    }

    @Test(arguments: [
        ("30", "no unit"), ("30 sec", "unknown unit \"sec\""), ("", "no length of time"),
        ("-3 s", "negative"),
        ("1e3 s", "unknown unit"), ("1.2.3 s", "malformed"), ("0.5 ns", "finer than one ns"),
        (". s", "malformed"),
        (".5 s", "malformed"), ("5. s", "malformed"), ("99999999999999999999 s", "too large"),
        ("4000000 h", "too long"), ("abc", "does not begin with a number"),
    ])
    func badDurationsNameTheCause(text: String, cause: String) {
        let error = #expect(throws: LabError.self) { try Units.parseDuration(text) }
        #expect(error?.kind == .usage)
        #expect(error?.description.contains(cause) == true, "\(error.debugDescription)")
    }

    @Test("each unit of a metric is read in every scale, and shown in the largest that a figure fills")
    func metricUnits() throws {
        for unit in Metric.Unit.allCases {
            for scale in unit.measure?.scales ?? [] {
                #expect(try Units.parse("3 \(scale.name)", #require(unit.measure)) == 3 * scale.factor)
                guard scale.isShown else { continue }
                #expect(unit.scale(fitting: Double(scale.factor)) == scale)
                #expect(scale.factor == 1 || unit.scale(fitting: Double(scale.factor) * 0.99) != scale)
            }
            if unit.measure == nil { #expect(unit.scale(fitting: 1e9).name.isEmpty) }
        }
    }

    @Test func unknownUnitNamesTheNearestAndAllOfThem() {
        let error = #expect(throws: LabError.self) { try Units.parseBytes("256 MB") }
        #expect(error?.message.english == "\"256 MB\" has the unknown unit \"MB\"; did you mean \"MiB\"?")
        #expect(error?.remedy?.english == "use one of B, KiB, MiB, GiB, TiB")
    }

    @Test func whatIsWrittenIsReadBack() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2_000 {
            // Numbers of every magnitude, many of them multiples of a unit.
            let bytes =
                UInt64.random(in: 0...(.max), using: &generator)
                >> UInt64.random(in: 0...63, using: &generator)
            #expect(try Units.parseBytes(Units.format(bytes: bytes)) == bytes)
            let scale: [Int64] = [1, 1_000, 1_000_000, 1_000_000_000, 60_000_000_000, 3_600_000_000_000]
            let nanoseconds =
                Int64.random(in: 0...1_000_000, using: &generator)
                * scale[Int.random(in: 0..<6, using: &generator)]
            let duration = Duration.nanoseconds(nanoseconds)
            #expect(try Units.parseDuration(Units.format(duration: duration)) == duration)
        }
    }

    @Test func anyTextGivesAValueOrAnError() {
        var fuzzer = Fuzzer(seed: 2)
        for _ in 0..<3_000 {
            let text = String(
                decoding: fuzzer.mutated(Array("1024.5 MiB".utf8), dictionary: ["s", "ms", ".", "9"]),
                as: UTF8.self)
            do throws(LabError) { _ = try Units.parseBytes(text) } catch { #expect(error.kind == .usage) }
            do throws(LabError) { _ = try Units.parseDuration(text) } catch { #expect(error.kind == .usage) }
        }
    }
}

struct NearestTests {
    @Test(arguments: [
        ("sample", "samples"), ("contaner", "container"), ("qemuu", "qemu"), ("KVM", "kvm"), ("kmv", "kvm"),
    ])
    func findsTheWordThatWasMeant(typed: String, meant: String) {
        #expect(nearest(typed, in: ["samples", "container", "qemu", "kvm"]) == meant)
    }

    @Test(arguments: ["", "x", "banana", "zzzzzzz", String(repeating: "s", count: 100_000)])
    func suggestsNothingWhenNothingIsNear(typed: String) {
        #expect(nearest(typed, in: ["samples", "container", "qemu", "kvm"]) == nil)
    }

    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("ab", "ba", 1),
        // Optimal string alignment, not Damerau's full distance (2): no part is edited twice.
        ("ca", "abc", 3),
    ])
    func distancesAreThoseOfTheLiterature(left: String, right: String, distance: Int) {
        #expect(editDistance(Array(left), Array(right)) == distance)
        #expect(editDistance(Array(right), Array(left)) == distance)
    }
}
