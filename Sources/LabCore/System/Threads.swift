/// Threads for work that must begin at the same moment.
enum Threads {
    private enum Gate { case closed, open, cancelled }

    /// Runs `body` for 0 ..< `count`, each on a thread of its own, all released together, and returns when all have
    /// ended.
    /// - Throws: `.software` when the system has no more threads; none has run then.
    static func together(_ count: Int, _ body: @Sendable @escaping (Int) -> Void) throws(LabError) {
        let gate = Monitor(Gate.closed)
        let left = Monitor(count)
        for index in 0..<count {
            do throws(Errno) {
                _ = try OSThread.start {
                    if gate.wait(until: { $0 != .closed }).state == .open { body(index) }
                    left.withLock { $0 -= 1 }
                }
            } catch {
                left.withLock { $0 -= count - index }
                gate.withLock { $0 = .cancelled }
                _ = left.wait { $0 == 0 }
                throw LabError(.software, "cannot start \(count) threads", cause: error)
            }
        }
        gate.withLock { $0 = .open }
        _ = left.wait { $0 == 0 }
    }
}
