import LabCore

/// Removes what a killed run left in a container engine, by the name under which it was journaled.
public enum PeerRemover {
    /// - Parameter name: `podman STORE`, or `docker RUN HOST`; see `JournaledResource.Kind.peer`.
    /// - Throws: `.data` for what is not of that run; else when it is still there afterwards.
    public static func remove(_ name: String, of run: RunPlaces) throws(LabError) {
        let words = name.split(separator: " ", maxSplits: 1).map(String.init)
        guard let tool = words.first, let rest = words.dropFirst().first else { throw malformed(name) }
        switch tool {
        case "podman":
            guard PodmanStore.isDirectory(rest, of: run) else { throw run.stranger(.peer, name) }
            try PodmanStore(program: try PeerDescription.podman.find(), directory: rest).remove()
        case "docker":
            let parts = rest.split(separator: " ", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw malformed(name) }
            guard parts[0] == run.runID else { throw run.stranger(.peer, name) }
            try DockerDaemon.checkSocket(parts[1])
            try DockerDaemon(program: try PeerDescription.docker().find(), host: parts[1]).remove(
                run: parts[0])
        default: throw malformed(name)
        }
    }

    private static func malformed(_ name: String) -> LabError {
        LabError(
            .data, "the journal names a peer that lab doesn't know",
            cause: "\(PeerCommand.lastWords(name.utf8))")
    }
}
