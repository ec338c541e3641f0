import Foundation
import LabCore
import Testing

@testable import Report

/// Contrast of two colours (WCAG 2.2, relative luminance of sRGB).
private func contrast(_ first: String, _ second: String) throws -> Double {
    func luminance(_ hex: String) throws -> Double {
        let value = try #require(Int(hex.dropFirst(), radix: 16), "\(hex)")
        let parts = [16, 8, 0].map { shift -> Double in
            let channel = Double(value >> shift & 255) / 255
            return channel <= 0.04045 ? channel / 12.92 : pow((channel + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }
    let (a, b) = (try luminance(first), try luminance(second))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

@Suite struct PlotStyleTests {
    /// What one scheme of the plots' style sheet says, as class and colour.
    private func colours(_ property: String, in scheme: Substring) -> [(String, String)] {
        scheme.matches(of: /([.a-z0-9,]+)\{(fill|stroke):(#[0-9a-f]{6})\}/).filter { $0.2 == property }.map {
            (String($0.1), String($0.3))
        }
    }

    private func schemes() throws -> [Substring] {
        let svg = SVG(width: 10, height: 10, label: "a").document
        let dark = try #require(svg.firstRange(of: "@media (prefers-color-scheme:dark){"))
        let print = try #require(svg.firstRange(of: "@media print{"))
        return [svg[..<dark.lowerBound], svg[dark.upperBound..<print.lowerBound], svg[print.upperBound...]]
    }

    /// Text reaches 4.5 to 1 and what is drawn 3 to 1, in light, in dark and in print.
    @Test func everythingCanBeSeenOnItsPage() throws {
        for scheme in try schemes() {
            let fills = colours("fill", in: scheme)
            let page = try #require(fills.first { $0.0 == ".page" }?.1)
            for name in [".ink", ".bold", ".mute"] {
                let colour = try #require(fills.first { $0.0 == name }?.1)
                #expect(try contrast(colour, page) >= 4.5, "\(name) \(colour) on \(page)")
            }
            let drawn =
                fills.filter { $0.0.hasPrefix(".d") }
                + colours("stroke", in: scheme).filter {
                    $0.0.hasPrefix(".s") || $0.0 == ".axis"
                }
            #expect(drawn.count >= 16)
            for (name, colour) in drawn {
                #expect(try contrast(colour, page) >= 3, "\(name) \(colour) on \(page)")
            }
        }
        for fill in Look.fills { #expect(try contrast("#111111", fill) >= 4.5, "a number on \(fill)") }
    }

    /// No two of two dozen engines look the same: where the colour comes again, dash and shape are others.
    @Test func noTwoEnginesLookTheSame() throws {
        let light = try schemes()[0]
        func value(_ pattern: Regex<(Substring, Substring, Substring)>, of style: Int) -> String? {
            light.matches(of: pattern).first { match in
                match.1.split(separator: ",").contains { $0 == ".curve.s\(style)" || $0 == ".s\(style)" }
            }.map { String($0.2) }
        }
        let colours = try (0..<Look.count).map {
            try #require(value(/([.a-z0-9,]+)\{stroke:(#[0-9a-f]{6})\}/, of: $0))
        }
        let dashes = try (0..<Look.count).map {
            try #require(value(/([.a-z0-9,]+)\{stroke-dasharray:([a-z0-9 ]+)\}/, of: $0))
        }
        #expect(Look.count >= 20 && Set(colours.prefix(8)).count == 8)
        for first in 0..<Look.count {
            for second in 0..<first where colours[first] == colours[second] {
                #expect(dashes[first] != dashes[second], "\(first) and \(second)")
                #expect(Look(first).shape != Look(second).shape, "\(first) and \(second)")
            }
        }
    }

    @Test("Ten engines have ten looks, in every plot and its legend")
    func tenEnginesHaveTenLooks() throws {
        for (fixture, name) in [
            (RunFixture.complete(), "distribution.svg"), (.compute(), "ratio.svg"), (.memory(), "memory.svg"),
        ] {
            var fixture = fixture
            let own = fixture.samples.filter { $0.engine == .container }
            for number in 0..<9 {
                let id = EngineID(rawValue: "engine-\(number)")
                fixture.engines.append(EngineRecord(id: id, kind: .container))
                for var sample in own {
                    sample.engine = id
                    sample.index += 10_000 * (number + 1)
                    fixture.samples.append(sample)
                }
            }
            let svg = try file(name, fixture.result)
            expectWellFormed(svg)
            var looks: [String: Set<String>] = [:]
            let names = Set(fixture.engines.map(\.id.rawValue))
            for match in svg.matches(of: /class="mark (d[0-9]+)"><title>([^<]*)</) {
                for word in match.2.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "-" })
                where names.contains(String(word)) {
                    looks[String(word), default: []].insert(String(match.1))
                }
            }
            #expect(looks.count >= 10 && looks.values.allSatisfy { $0.count == 1 }, "\(name): \(looks)")
            #expect(Set(looks.values.joined()).count == looks.count, "\(name): \(looks)")
        }
    }

    @Test("A legend has as many columns as its names leave room for, and none runs out of the plot")
    func legendsFit() {
        for name in ["a", String(repeating: "long-name-", count: 5), String(repeating: "x", count: 200)] {
            let entries = (0..<5).map { Chart.Entry(sample: .look(Look($0)), name: "\(name)\($0)") }
            let svg = Chart(title: "t", description: "d", left: 60, height: 100, legend: entries).document
            expectWellFormed(svg)
            for match in svg.matches(of: /<text x="([0-9.]+)"[^>]*>([^<]*)</) {
                #expect((Double(match.1) ?? 0) + SVG.width(of: String(match.2)) <= Chart.width, "\(match.0)")
            }
        }
    }

    /// Every curve and mark of every plot says its values under the pointer, and every plot what it shows.
    @Test func everyMarkHasItsValues() {
        for made in MadeReport.all {
            for (name, svg) in made.files[.english] ?? [] where name.hasSuffix(".svg") {
                let marks = svg.components(separatedBy: "class=\"mark").dropFirst()
                #expect(name == "waterfall.svg" || !marks.isEmpty, "\(made.name) \(name)")
                #expect(marks.allSatisfy { $0.split(separator: "\n")[0].contains("<title>") })
                #expect(
                    svg.contains("role=\"img\" aria-label=\"") && svg.contains("prefers-color-scheme:dark"))
            }
        }
    }

    @Test func axesAreRoundAndHoldTheirValues() throws {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<2_000 {
            let low = Double.random(in: -1e9..<1e9, using: &generator)
            let high = low + exp(Double.random(in: -3..<21, using: &generator))
            for unit in Metric.Unit.allCases {
                let axis = Axis(linearFrom: low, to: high, unit: unit)
                #expect(
                    (-1e-9...1 + 1e-9).contains(axis.place(low))
                        && (-1e-9...1 + 1e-9).contains(axis.place(high)))
                #expect(
                    (2...12).contains(axis.ticks.count), "\(low) \(high) \(unit): \(axis.ticks.map(\.label))")
            }
        }
        #expect(
            Axis(linearFrom: 3, to: 9, unit: .count).ticks.map(\.label) == ["0", "2", "4", "6", "8", "10"])
        #expect(Axis(linearFrom: 900e6, to: 1e9, unit: .nanoseconds).ticks.map(\.label).contains("0.90 s"))
        #expect(Axis(linearFrom: 0, to: 0, unit: .bytes).place(0) == 0)
        #expect(try #require(Axis(fitting: [1, 100], unit: .count)).isLogarithmic)
        #expect(try !#require(Axis(fitting: [10, 100], unit: .count)).isLogarithmic)
        #expect(
            try !#require(Axis(fitting: [0, 100], unit: .count)).isLogarithmic, "nothing has no logarithm")
        #expect(Axis(fitting: [], unit: .count) == nil && Axis(fitting: [.infinity], unit: .count) == nil)
    }
}

@Suite struct PageStyleTests {
    /// The page's own colours, in light, dark and print.
    @Test func textOnThePageCanBeRead() throws {
        let sheet = HTMLPage.styleSheet
        let schemes = sheet.matches(of: /:root\{([^}]*)\}/).map(\.1)
        #expect(schemes.count == 3)
        for scheme in schemes {
            let colours = Dictionary(
                scheme.matches(of: /--([a-z]+):(#[0-9a-f]{6})/).map { (String($0.1), String($0.2)) },
                uniquingKeysWith: { $1 })
            for ink in ["ink", "mute", "link"] {
                for page in ["page", "stripe"] {
                    let pair = (try #require(colours[ink]), try #require(colours[page]))
                    #expect(try contrast(pair.0, pair.1) >= 4.5, "\(ink) on \(page)")
                }
            }
        }
        #expect(!sheet.contains("<") && !sheet.contains("&") && !HTMLPage.script.contains("<"))
        #expect(!HTMLPage.script.contains("&"), "the page is well-formed XML as well")
    }
}
