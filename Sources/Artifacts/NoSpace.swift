import LabCore

/// A file system that was full, as a program says that wrote to it: when it has ended, what it wrote is gone, and there is room
/// again.
package enum NoSpace {
    /// The line that says so; nil where none does. strerror(ENOSPC), which Go begins with a small letter.
    package static func line(in text: String) -> Substring? {
        text.split(separator: "\n").first {
            $0.contains("No space left on device") || $0.contains("no space left on device")
        }
    }

    /// What is made lies in the cache, and what tools need on the way in /tmp.
    package static let remedy: Message =
        "make room in the file systems of lab's cache and of /tmp, or say with LAB_HOME where there is more"
}
