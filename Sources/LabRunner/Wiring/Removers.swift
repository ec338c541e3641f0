import ContainerDriver
import LabCore
import VMDriver

/// The one place that knows who removes what a journal names.
enum Removers {
    /// A cleaner for every kind of resource that a driver journals.
    /// - Parameter connection: the libvirt URI that the user names now, which may be opened again then.
    static func cleaner(_ paths: LabPaths, connection: String? = nil) -> Cleaner {
        Cleaner(removers: [
            .domain: { name, run throws(LabError) in
                try DomainRemover.remove(name, of: run, connection: connection)
            },
            .pool: { name, run throws(LabError) in
                try FileUploadRemover.remove(name, of: run, connection: connection)
            },
            .qemu: { name, run throws(LabError) in try DomainRemover.remove(qemu: name, of: run) },
            .cgroup: { name, run throws(LabError) in try CgroupTree.remove(name, of: run) },
            .directory: { name, run throws(LabError) in try run.removeDirectory(name) },
            .peer: { name, run throws(LabError) in try PeerRemover.remove(name, of: run) },
            .setting: { name, _ throws(LabError) in try MachineSetting.putBack(name) },
            .sharedMemory: { name, _ throws(LabError) in try SharedSegment.remove(name) },
            .link: { name, run throws(LabError) in try NetworkLinks.remove(name, of: run) },
            .file: { name, run throws(LabError) in try run.removeFile(name) },
        ])
    }
}
