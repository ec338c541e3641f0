import ContainerDriver
import LabCore
import VMDriver

/// The one place that knows who removes what a journal names.
enum Removers {
    /// A cleaner for every kind of resource that a driver journals.
    static func cleaner(_ paths: LabPaths) -> Cleaner {
        Cleaner(removers: [
            .domain: { name throws(LabError) in try DomainRemover.remove(name, paths: paths) },
            .pool: { name throws(LabError) in try DepotRemover.remove(name, paths: paths) },
            .qemu: { name throws(LabError) in try DomainRemover.remove(qemu: name) },
            .cgroup: { name throws(LabError) in try CgroupTree.remove(name) },
            .directory: { name throws(LabError) in try Files.removeTree(name) },
            .peer: { name throws(LabError) in try PeerRemover.remove(name) },
            .setting: { name throws(LabError) in try MachineSetting.putBack(name) },
            .sharedMemory: { name throws(LabError) in try SharedSegment.remove(name) },
            .file: { name throws(LabError) in try Files.removeTree(name) },
        ])
    }
}
