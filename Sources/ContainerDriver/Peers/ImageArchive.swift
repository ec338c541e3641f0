import LabCore

/// The root file system as the tar archive that container engines import.
enum ImageArchive {
    /// Writes `root.tar` into an engine's directory and returns its path.
    static func make(_ run: PeerRun) throws(LabError) -> String {
        let path = "\(run.directory)/root.tar"
        try PeerCommand.check(
            "make an image of the root file system",
            [
                "tar", "--create", "--file", path, "--directory", run.context.rootFilesystem.directory,
                "--owner=0", "--group=0", "--numeric-owner", ".",
            ])
        return path
    }

    /// The image's name, with the run in its tag.
    static func name(_ run: PeerRun) -> String { "lab:\(run.context.runID)" }
}
