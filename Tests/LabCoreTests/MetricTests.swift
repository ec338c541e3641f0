import LabCore
import Testing

struct MetricTests {
    private let title = LocalizedText(en: "start", zh: "启动")

    private func observation(_ outcome: Outcome = .completed) -> Observation {
        var timeline = Timeline()
        let start = MonotonicInstant(nanoseconds: 10)
        timeline.stamp(.requested, at: start, since: start)
        timeline.stamp(.ready, at: MonotonicInstant(nanoseconds: 1_510), since: start)
        return Observation(
            index: 0, engine: .process, warmup: false, outcome: outcome, timeline: timeline,
            values: ["host-pss-bytes": 4_096])
    }

    @Test func aSpanIsItsNanoseconds() {
        let metric = Metric(
            id: "ready", title: title, unit: .nanoseconds, source: .span(from: .requested, to: .ready))
        #expect(metric.value(of: observation()) == 1_500)
    }

    @Test func aValueIsTheOneRecorded() {
        let metric = Metric(id: "memory", title: title, unit: .bytes, source: .value("host-pss-bytes"))
        #expect(metric.value(of: observation()) == 4_096)
        #expect(
            Metric(id: "x", title: title, unit: .count, source: .value("x")).value(of: observation()) == nil)
    }

    @Test func aFailureHasNoValueHoweverFarItCame() {
        let metric = Metric(
            id: "ready", title: title, unit: .nanoseconds, source: .span(from: .requested, to: .ready))
        let failure = Outcome.failed(LabError(.timeout, "the guest did not answer"), after: .ready)
        #expect(metric.value(of: observation(failure)) == nil)
    }
}
