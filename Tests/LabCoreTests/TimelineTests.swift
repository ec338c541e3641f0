import Foundation
import LabCore
import Testing

struct TimelineTests {
    private let start = MonotonicInstant(nanoseconds: 1_000)
    private func at(_ offset: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: 1_000 + offset) }

    @Test func theFirstTimeOfAMarkCounts() {
        var timeline = Timeline()
        timeline.stamp(.ready, at: at(5), since: start)
        timeline.stamp(.ready, at: at(9), since: start)
        #expect(timeline[.ready] == 5)
    }

    @Test func aSpanNeedsBothMarksInOrder() {
        var timeline = Timeline()
        timeline.stamp(.requested, at: start, since: start)
        timeline.stamp(.ready, at: at(7), since: start)
        timeline.stamp(.created, at: at(9), since: start)
        #expect(timeline.span(from: .requested, to: .ready) == 7)
        #expect(timeline.span(from: .created, to: .ready) == nil)
        #expect(timeline.span(from: .requested, to: .exited) == nil)
        #expect(timeline.span(from: .exited, to: .ready) == nil)
    }

    @Test func theLastMarkIsTheFurthestInLife() {
        var timeline = Timeline()
        #expect(timeline.last == nil)
        timeline.stamp(.ready, at: at(7), since: start)
        timeline.stamp(.created, at: at(1), since: start)
        #expect(timeline.last == .ready)
    }

    @Test func survivesJSON() throws {
        var timeline = Timeline()
        for (index, mark) in Mark.inOrder.enumerated() {
            timeline.stamp(mark, at: at(UInt64(index) * 3), since: start)
        }
        timeline.stamp("a mark of tomorrow", at: MonotonicInstant(nanoseconds: .max), since: start)
        let data = try JSONEncoder().encode(timeline)
        #expect(try JSONDecoder().decode(Timeline.self, from: data) == timeline)
    }

    @Test func aMarkBeforeTheRequestIsZeroNotHuge() {
        var timeline = Timeline()
        timeline.stamp(.created, at: MonotonicInstant(nanoseconds: 1), since: start)
        #expect(timeline[.created] == 0)
    }

    @Test func instantsDoNotWrapAround() {
        #expect(MonotonicInstant(nanoseconds: 5).advanced(by: .seconds(-1)).nanoseconds == 0)
        #expect(MonotonicInstant(nanoseconds: 5).advanced(by: .nanoseconds(3)).nanoseconds == 8)
        #expect(MonotonicInstant(nanoseconds: 0).pollTimeoutMilliseconds == 0)
        #expect(MonotonicInstant.now() <= MonotonicInstant.now())
    }
}
