import CLinux
import Synchronization

/// Descriptors 0, 1 and 2 of this program.
public enum StandardDescriptors {
    private static let closed = Atomic<UInt32>(0)

    /// Gives those that are closed /dev/null, so that nothing which is opened later gets their number. Called by
    /// `ProgramStart`.
    public static func claim() { closed.store(clinux_claim_standard(), ordering: .relaxed) }

    /// Returns true when a descriptor was closed when the program started: what is written there reaches nobody.
    public static func wasClosed(_ number: Int32) -> Bool {
        closed.load(ordering: .relaxed) >> UInt32(number) & 1 != 0
    }
}
