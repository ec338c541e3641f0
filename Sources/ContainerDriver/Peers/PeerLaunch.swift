import Glibc
import Launch

extension LaunchProgram {
    /// The program of a peer's command: that of a bare process, with one more descriptor when it is to inherit one.
    static func peer(
        program: String, parent: Int32, inherits: Bool
    ) -> LaunchProgram {
        var launch = process(program: program, parent: parent)
        if inherits {
            // After all others were marked close-on-exec: the copy is not.
            launch.steps.insert(
                Step(.standardDescriptor(PreparedPeerEngine.inheritedNumber)),
                at: launch.steps.count - 1)
        }
        return launch
    }
}

/// The environment of a peer's command: the user's, because it may say where a daemon or a configuration is.
enum PeerEnvironment {
    static func inherited(setting variables: [String: String]) -> [String] {
        var result: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            let name = text.prefix { $0 != "=" }
            if variables[String(name)] == nil { result.append(text) }
            next += 1
        }
        return result + variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}
