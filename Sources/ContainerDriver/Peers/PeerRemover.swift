import LabCore

/// Removes what a killed run left in a container engine, by the name under which it was journaled.
public enum PeerRemover {
    /// - Parameter name: `podman STORE`, or `docker RUN HOST`; see `JournaledResource.Kind.peer`.
    public static func remove(_ name: String) throws(LabError) {
        let words = name.split(separator: " ", maxSplits: 1).map(String.init)
        guard let tool = words.first, let rest = words.dropFirst().first else { throw malformed(name) }
        switch tool {
        case "podman": try PodmanStore(program: try Podman().find(), directory: rest).remove()
        case "docker":
            let parts = rest.split(separator: " ", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw malformed(name) }
            try DockerDaemon(program: try Docker().find(), host: parts[1]).remove(run: parts[0])
        default: throw malformed(name)
        }
    }

    private static func malformed(_ name: String) -> LabError {
        LabError(
            .data, "the journal names a peer that lab doesn't know", cause: PeerCommand.lastWords(name.utf8))
    }
}
