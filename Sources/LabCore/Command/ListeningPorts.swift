/// The TCP ports on which somebody listens in a network namespace, from `/proc/PID/net/tcp` and `tcp6`: proc_pid_net(5).
public enum ListeningPorts {
    /// - Parameter pid: a process in the namespace that is looked at.
    public static func has(_ port: UInt16, seenBy pid: Int32) -> Bool {
        ["tcp", "tcp6"].contains { name in
            (try? Files.readText("/proc/\(pid)/net/\(name)")).map { has(port, in: $0) } ?? false
        }
    }

    /// Takes any text.
    static func has(_ port: UInt16, in table: String) -> Bool {
        table.split(separator: "\n").dropFirst().contains { line in
            let fields = line.split(separator: " ")
            // `sl local_address rem_address st`; 0A is TCP_LISTEN.
            guard fields.count > 3, fields[3] == "0A", let number = fields[1].split(separator: ":").last
            else {
                return false
            }
            return UInt16(number, radix: 16) == port
        }
    }
}
