import Glibc

/// The directories in which programs are looked for that lab, libvirt or env(1) start by name.
public enum SearchPath {
    /// The PATH of whatever is started inside, unless it or its image says another.
    public static let standard = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// Takes out of PATH what is no absolute path: it would mean another directory wherever a tool is run, and what lies
    /// there would be run with all that this process may do. To be called before there is a second thread.
    public static func dropRelative() {
        // Nearly always it is as it should be: looked at as bytes, because a start is measured in microseconds.
        guard let path = getenv("PATH"), !isAbsolute(path) else { return }
        setenv("PATH", absolute(String(cString: path)), 1)
    }

    private static func isAbsolute(_ path: UnsafePointer<CChar>) -> Bool {
        var (place, isBeginning) = (path, true)
        while place.pointee != 0 {
            if isBeginning && place.pointee != CChar(UInt8(ascii: "/")) { return false }
            isBeginning = place.pointee == CChar(UInt8(ascii: ":"))
            place += 1
        }
        return !isBeginning
    }

    /// The absolute directories of a PATH, in their order. An empty one means the current directory: path_resolution(7).
    static func absolute(_ path: String) -> String {
        path.split(separator: ":").filter { $0.hasPrefix("/") }.joined(separator: ":")
    }
}
