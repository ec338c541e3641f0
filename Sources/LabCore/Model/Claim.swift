/// One statement of the document and the rule that judges it. The rule is data: no verdict is written in code.
public struct Claim: Codable, Equatable, Sendable {
    public enum Subject: String, Codable, Sendable, CaseIterable { case vm, container }
    public var id: String
    public var subject: Subject
    /// The place where it stands, for example `3 · 启动速度`.
    public var source: String
    /// The document's words (`zh`) and their translation (`en`).
    public var text: LocalizedText
    public var rule: Rule

    /// The claim holds when the metric of the engine lies within the bounds.
    public struct Rule: Codable, Equatable, Sendable {
        public var metric: String
        /// The first of these that has samples is judged.
        public var engines: [EngineID]
        /// The values of the lab's parameters at which it is judged.
        public var at: Condition
        /// Judge once for each value of this parameter.
        public var each: Factor?
        /// Judge the ratio to this engine instead of the value itself.
        public var relativeTo: EngineID?
        /// Inclusive bounds, in the metric's unit (or as a ratio); nil means unbounded.
        public var atLeast: Double?
        public var atMost: Double?
        /// The weight of a figure from emulation: emulation only makes a VM slower and larger, so a figure *below*
        /// the lower bound contradicts the claim all the more, and nothing else follows from it.
        public var emulation: Emulation
        /// What the verdict is about, where the claim's own words leave it open: `a complete system`.
        public var scope: LocalizedText?

        public enum Emulation: String, Codable, Sendable, CaseIterable {
            /// Emulated figures give no verdict.
            case never
            /// Emulated figures may contradict `atLeast`, nothing else.
            case contradictsLowerBound = "contradicts-lower-bound"
            /// The claim does not depend on who executes the guest's instructions: whose kernel it is, which
            /// files make it up. An emulated figure carries the claim like any other.
            case unaffected
        }

        public init(
            metric: String, engines: [EngineID], at: Condition = [:], each: Factor? = nil,
            relativeTo: EngineID? = nil, atLeast: Double? = nil, atMost: Double? = nil,
            emulation: Emulation = .never, scope: LocalizedText? = nil
        ) {
            self.metric = metric
            self.engines = engines
            self.at = at
            self.each = each
            self.relativeTo = relativeTo
            self.atLeast = atLeast
            self.atMost = atMost
            self.emulation = emulation
            self.scope = scope
        }
    }

    public init(id: String, subject: Subject, source: String, text: LocalizedText, rule: Rule) {
        self.id = id
        self.subject = subject
        self.source = source
        self.text = text
        self.rule = rule
    }
}
