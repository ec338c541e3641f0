import Glibc

/// The first steps of every program, so that nothing which its caller left as it is decides what it does.
public enum ProgramStart {
    /// Gives closed standard descriptors /dev/null, takes relative directories out of PATH, and lets children be waited for:
    /// a caller that ignores SIGCHLD would have the kernel throw their status away. To write a file beyond its limit is an
    /// error and no end: the handler goes with execve, so that it is nothing that a child would have. Its own soft limits
    /// are raised.
    public static func prepare() {
        StandardDescriptors.claim()
        SearchPath.dropRelative()
        signal(SIGCHLD, SIG_DFL)
        signal(SIGXFSZ) { _ in }
        OwnLimits.raise()
    }
}
