import LabCore

extension EngineBuild {
    /// The same with the version and the digest of its file.
    /// - Throws: `.usage` when that can't be read.
    public func inspected() throws(LabError) -> EngineBuild {
        var build = self
        do {
            build.digest = try Digest.sha256(file: path)
        } catch {
            throw Self.refusal(word, because: error.reason)
        }
        build.version = Self.version(of: path)
        return build
    }
}
