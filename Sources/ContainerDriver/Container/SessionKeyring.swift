import CLinux

/// A keyring that the containers of a run have as their session keyring, instead of the caller's.
///
/// A keyring of its own costs each container 30 µs, most of them when it has ended: the kernel then looks through all keys
/// of the machine for those to be removed, on a processor that others want.
final class SessionKeyring: Sendable {
    let name: String
    private let number: Int32

    /// - Parameter run: names it. Nil where the kernel has none, or this user may have no more.
    init?(run: String) {
        // Who joins one by its name finds the first that it may search: nobody else's is to have this name by chance.
        name = "lab-\(run)-\(UInt64.random(in: 0 ... .max))"
        number = clinux_make_keyring(name)
        if number < 0 { return nil }
    }

    deinit { clinux_drop_keyring(number) }
}
