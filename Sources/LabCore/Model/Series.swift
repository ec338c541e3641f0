/// What trials of one engine may differ in. The names are those of `Observation.parameters`.
public enum Parameter: String, Codable, CodingKeyRepresentable, Hashable, Sendable, CaseIterable, Comparable {
    /// `cold`: the host's page cache, dentries and inodes are dropped before the request.
    case cache
    /// How many instances are asked for at the same moment; the marks are those of the last of them.
    case concurrency
    /// `exits`: what the hypervisor counted of the guest's exits is read at the end of its life, before it is removed.
    /// The reading takes time, so trials whose removal is timed do without.
    case count
    /// Layers of isolation of the container, see `LaunchRequest.isolation`.
    case isolation
    /// MiB that the workload writes to before it is ready.
    case touch
    /// How many instances live at the same time.
    case instances
    /// What sort of work is done, one of `Workload.computeKinds`.
    case compute
    /// Which experiment is made, see `Experiment`.
    case experiment
    /// How the experiment is made; each knows its own.
    case setting
    /// How the instance is made, see `LaunchRequest.variant`.
    case variant

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The most instances that one trial may have alive at once.
    public static let mostInstances = 256

    /// What is wrong with a value, nil when it is one of this parameter's.
    public func problem(with value: String) -> Message? {
        switch self {
        case .cache: value == "cold" ? nil : "it must be cold"
        case .count: value == "exits" ? nil : "it must be exits"
        case .isolation: value.isEmpty ? "it must name layers" : nil
        case .experiment, .setting, .variant: value.isEmpty ? "it must not be empty" : nil
        case .compute:
            Workload.computeKinds.contains(value)
                ? nil : "it must be one of \(Workload.computeKinds.joined(separator: ", "))"
        case .concurrency, .instances: number(value, in: 1...Self.mostInstances)
        case .touch: number(value, in: 0...65_536)
        }
    }

    private func number(_ value: String, in range: ClosedRange<Int>) -> Message? {
        Int(value).map { range.contains($0) } == true
            ? nil : "it must be a whole number from \(range.lowerBound) to \(range.upperBound)"
    }
}

/// The values of the parameters that trials share; empty for trials without any.
public typealias Point = [Parameter: String]

extension Point {
    /// For messages and seeds: `instances=4, touch=64`; empty for no parameters.
    public var text: String {
        sorted { $0.key < $1.key }.map { "\($0.key.rawValue)=\($0.value)" }.joined(separator: ", ")
    }
}

/// A part of a run: trials of every combination of some parameters' values.
public struct Series: Codable, Equatable, Sendable {
    public var id: String
    /// The parameters with their values, in the order of the tables; all combinations are measured.
    public var parameters: [Varied]
    /// The engines among the lab's that take part; nil for all.
    public var engines: [EngineID]?
    /// How many trials of each combination; nil for as many as the lab says.
    public var samples: LabDefinition.Samples?

    public struct Varied: Codable, Equatable, Sendable {
        public var parameter: Parameter
        public var values: [String]
        public init(_ parameter: Parameter, _ values: [String]) {
            self.parameter = parameter
            self.values = values
        }
    }

    public init(
        id: String, parameters: [Varied] = [], engines: [EngineID]? = nil,
        samples: LabDefinition.Samples? = nil
    ) {
        self.id = id
        self.parameters = parameters
        self.engines = engines
        self.samples = samples
    }

    /// Nothing is varied.
    public static let plain = Series(id: "plain")

    /// Every combination, the last parameter varying fastest.
    public var points: [Point] {
        parameters.reduce([[:]]) { points, varied in
            points.flatMap { point in
                varied.values.map { value in point.merging([varied.parameter: value]) { _, new in new } }
            }
        }
    }
}

extension LabDefinition {
    /// The engines of a series, in the lab's order.
    public func engines(of series: Series) -> [EngineID] {
        engines.filter { series.engines?.contains($0) ?? true }
    }

    public func samples(of series: Series) -> Samples { series.samples ?? samples }

    /// Changes the numbers of trials of the lab and of every series that has its own.
    public mutating func changeSamples(_ change: (inout Samples) -> Void) {
        change(&samples)
        for place in series.indices {
            guard var own = series[place].samples else { continue }
            change(&own)
            series[place].samples = own
        }
    }

    /// The values of a parameter that are measured together with those of `point`, in their order.
    public func values(of parameter: Parameter, at point: Point) -> [String] {
        var values: [String] = []
        for measured in series.flatMap(\.points)
        where point.allSatisfy({ measured[$0.key] == $0.value }) {
            if let value = measured[parameter], !values.contains(value) { values.append(value) }
        }
        return values
    }

    /// The values of a parameter over all series, in their order.
    public func values(of parameter: Parameter) -> [String] {
        var values: [String] = []
        for varied in series.flatMap(\.parameters) where varied.parameter == parameter {
            values += varied.values.filter { !values.contains($0) }
        }
        return values
    }
}
