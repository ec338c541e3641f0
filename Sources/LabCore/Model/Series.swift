/// A part of a run: trials of every combination of some parameters' values.
public struct Series: Codable, Equatable, Sendable {
    public var id: String
    /// The parameters with their values, in the order of the tables; all combinations are measured.
    public var parameters: [Varied]
    /// The engines among the lab's that take part; nil for all.
    public var engines: [EngineID]?
    /// The number of trials of each combination; nil for as many as the lab says.
    public var samples: LabDefinition.Samples?
    /// The longest from `requested` to `ready`, in seconds; nil for the lab's.
    public var timeoutSeconds: Double?

    /// A factor and its values, each a condition in which nothing else is said.
    public struct Varied: Equatable, Sendable {
        public var parameter: Factor
        public var values: [Condition]

        public init(_ parameter: Factor, _ values: [Condition]) {
            self.parameter = parameter
            self.values = values
        }

        /// As labs write them and results hold them.
        public var words: [String] { values.compactMap { $0[parameter] } }
    }

    public init(
        id: String, parameters: [Varied] = [], engines: [EngineID]? = nil,
        samples: LabDefinition.Samples? = nil, timeoutSeconds: Double? = nil
    ) {
        self.id = id
        self.parameters = parameters
        self.engines = engines
        self.samples = samples
        self.timeoutSeconds = timeoutSeconds
    }

    /// Nothing is varied.
    public static let plain = Series(id: "plain")

    /// Every combination, the last parameter varying fastest.
    public var points: [Condition] {
        parameters.reduce([[:]]) { points, varied in
            points.flatMap { point in varied.values.map(point.merging) }
        }
    }
}

extension Series.Varied: Codable {
    private struct Words: Codable {
        var parameter: Factor
        var values: [String]
    }

    public init(from decoder: any Decoder) throws {
        let words = try Words(from: decoder)
        self.init(words.parameter, [])
        for word in words.values {
            do throws(LabError) { values.append(try Condition(parameter, word)) } catch {
                throw error.inData(decoder.codingPath, word)
            }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        try Words(parameter: parameter, values: words).encode(to: encoder)
    }
}

extension LabDefinition {
    /// The most combinations that all series of a lab may have together: reports and answers go through each.
    public static let mostPoints = 10_000

    /// The engines of a series, in the lab's order.
    public func engines(of series: Series) -> [EngineID] {
        engines.filter { series.engines?.contains($0) ?? true }
    }

    public func samples(of series: Series) -> Samples { series.samples ?? samples }

    /// The longest from `requested` to `ready` of a trial at that condition, in seconds.
    public func timeoutSeconds(at condition: Condition) -> Double {
        series.first { $0.timeoutSeconds != nil && $0.points.contains(condition) }?.timeoutSeconds
            ?? timeoutSeconds
    }

    /// True when a complete system is started.
    public var needsSystem: Bool { !values(of: .payload).isEmpty }

    /// Changes the numbers of trials of the lab and of every series that has its own.
    public mutating func changeSamples(_ change: (inout Samples) -> Void) {
        change(&samples)
        for place in series.indices {
            guard var own = series[place].samples else { continue }
            change(&own)
            series[place].samples = own
        }
    }

    /// The values of a factor, in the order of the series.
    /// - Parameter condition: what else holds where they are measured.
    public func values(of factor: Factor, at condition: Condition = [:]) -> [String] {
        points(varying: factor, at: condition).compactMap { $0[factor] }
    }

    /// A condition with each value of a factor that is measured where another holds.
    public func points(varying factor: Factor, at condition: Condition) -> [Condition] {
        var found: [Condition] = []
        for point in series.flatMap(\.points) where point.includes(condition) {
            guard let word = point[factor], !found.contains(where: { $0[factor] == word }) else { continue }
            found.append(condition.merging(point.only(factor)))
        }
        return found
    }
}
