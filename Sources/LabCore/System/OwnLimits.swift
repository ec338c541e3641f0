import Glibc
import Synchronization

/// The soft limits of this process that it raises to the hard ones, so that no experiment ends at them; what it starts
/// has what the caller had, see `LaunchProgram.process` and `Tool`.
public enum OwnLimits {
    /// A limit that was raised, see getrlimit(2).
    public struct Raised: Equatable, Sendable {
        /// `RLIMIT_NOFILE`.
        public var name: String
        public var resource: Int32
        /// As the caller had it.
        public var soft: UInt64
        public var hard: UInt64
        /// As it is now.
        fileprivate var own: UInt64
    }

    /// The kernel's own default of `fs.nr_open`: libvirt goes through as many numbers in each child that it forks, and a
    /// container engine may allow a thousand times as many.
    private static let mostFiles: UInt64 = 1 << 20

    private static let state = Mutex<[Raised]>([])

    /// Those that were raised; empty before `raise`, and where the caller's were as high as they may be.
    public static var raised: [Raised] { state.withLock { $0 } }

    /// Raises them, once in a program.
    public static func raise() {
        state.withLock { raised in
            raise("RLIMIT_NOFILE", Int32(RLIMIT_NOFILE.rawValue), atMost: mostFiles, &raised)
            raise("RLIMIT_NPROC", 6, atMost: .max, &raised)
        }
    }

    private static func raise(
        _ name: String, _ resource: Int32, atMost most: UInt64, _ raised: inout [Raised]
    ) {
        var limit = rlimit()
        guard !raised.contains(where: { $0.resource == resource }), getrlimit(resource, &limit) == 0 else {
            return
        }
        let (soft, hard) = (UInt64(limit.rlim_cur), UInt64(limit.rlim_max))
        let one = Raised(name: name, resource: resource, soft: soft, hard: hard, own: min(hard, most))
        if soft < one.own, set(one, to: one.own) { raised.append(one) }
    }

    /// Runs `body` with the caller's limits: for a child that has those of this process at its start. Descriptors that are
    /// open stay so; another thread may meanwhile be refused a new one.
    package static func asTheCaller<Value>(_ body: () -> Value) -> Value {
        state.withLock { raised in
            for one in raised { set(one, to: one.soft) }
            defer { for one in raised { set(one, to: one.own) } }
            return body()
        }
    }

    @discardableResult
    private static func set(_ one: Raised, to soft: UInt64) -> Bool {
        var limit = rlimit(rlim_cur: rlim_t(soft), rlim_max: rlim_t(one.hard))
        return setrlimit(one.resource, &limit) == 0
    }
}
