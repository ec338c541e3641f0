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

    /// What is wrong with a run of builds that are not the same files any more: nobody knows which of them was measured when.
    public static func replaced(_ builds: [EngineBuild]) -> [Environment.Warning] {
        builds.filter { $0.digest != nil && (try? Digest.sha256(file: $0.path)) != $0.digest }.map { build in
            Environment.Warning(
                "\(build.path) was replaced or removed during the run: \(build.name) is a mixture of two programs",
                remedy: "run it again, and leave the program alone until the run has ended")
        }
    }
}
