import OCI

/// A runtime specification as podman is told it: as docker, and more to hide.
enum PodmanFlags {
    static func words(_ spec: RuntimeSpec, filterFile: String) -> [String] {
        let masked = spec.linux?.maskedPaths ?? []
        return ContainerFlags.words(spec, filterFile: filterFile)
            + (masked.isEmpty ? [] : ["--security-opt", "mask=\(masked.joined(separator: ":"))"])
    }
}
