import CLibvirt
import Glibc
import LabCore

/// Directories on the other side of a connection, see https://libvirt.org/storage.html.
extension Connection {
    /// Makes a directory and a pool of it. The corresponding C functions are `virStoragePoolDefineXML`,
    /// `virStoragePoolBuild` and `virStoragePoolCreate`.
    func makePool(named name: String, at path: String) throws(LabError) {
        let xml = """
            <pool type='dir'><name>\(xmlEscaped(name))</name><target><path>\(xmlEscaped(path))</path>
            <permissions><mode>0711</mode></permissions></target></pool>
            """
        do throws(LibvirtError) {
            try call(.change) { (connection) throws(LibvirtError) in
                // Known to the daemon until it is undefined: whoever cleans up after a restart still finds it.
                let pool = try LibvirtError.given(virStoragePoolDefineXML(connection, xml, 0))
                defer { virStoragePoolFree(pool) }
                do throws(LibvirtError) {
                    try LibvirtError.given(virStoragePoolBuild(pool, VIR_STORAGE_POOL_BUILD_NEW.rawValue))
                    try LibvirtError.given(virStoragePoolCreate(pool, 0))
                } catch {
                    virStoragePoolDelete(pool, 0)
                    virStoragePoolUndefine(pool)
                    throw error
                }
            }
        } catch {
            throw error.labError(.output, "cannot make the directory \(path) on the host of libvirt")
        }
    }

    /// Writes a file of a pool. The corresponding C functions are `virStorageVolCreateXML` and `virStorageVolUpload`.
    func upload(_ bytes: [UInt8], as name: String, toPool poolName: String) throws(LabError) {
        let xml = """
            <volume><name>\(xmlEscaped(name))</name><capacity unit='bytes'>\(bytes.count)</capacity>
            <target><format type='raw'/><permissions><mode>0644</mode></permissions></target></volume>
            """
        do throws(LibvirtError) {
            try call(.transfer) { (connection) throws(LibvirtError) in
                let pool = try LibvirtError.given(virStoragePoolLookupByName(connection, poolName))
                defer { virStoragePoolFree(pool) }
                let volume = try LibvirtError.given(virStorageVolCreateXML(pool, xml, 0))
                defer { virStorageVolFree(volume) }
                let stream = DataStream(owning: try LibvirtError.given(virStreamNew(connection, 0)))
                try LibvirtError.given(
                    virStorageVolUpload(volume, stream.pointer, 0, UInt64(bytes.count), 0))
                do throws(LibvirtError) {
                    try stream.send(bytes)
                } catch {
                    stream.abort()
                    throw error
                }
                try stream.finish()
            }
        } catch {
            throw error.labError(.output, "cannot bring \(bytes.count) bytes to the host of libvirt")
        }
    }

    /// Removes a pool of `makePool`, its files and its directory; one that is gone already is no error.
    ///
    /// The corresponding C functions are `virStorageVolDelete`, `virStoragePoolDestroy`, `virStoragePoolDelete` and
    /// `virStoragePoolUndefine`.
    func removePool(named name: String) throws(LabError) {
        do throws(LibvirtError) {
            try call(.change) { (connection) throws(LibvirtError) in
                try Self.removePool(named: name, of: connection)
            }
        } catch {
            throw error.labError(.instance, "cannot remove the storage pool \(name)")
        }
    }

    private static func removePool(named name: String, of connection: virConnectPtr) throws(LibvirtError) {
        guard let pool = virStoragePoolLookupByName(connection, name) else {
            let error = LibvirtError.last()
            if error.code == VIR_ERR_NO_STORAGE_POOL.rawValue { return }
            throw error
        }
        defer { virStoragePoolFree(pool) }
        // One that was never started, or not since the host was, lists no files. Where there is no directory, it can't be.
        if virStoragePoolIsActive(pool) != 1, virStoragePoolCreate(pool, 0) == 0 {
            virStoragePoolRefresh(pool, 0)
        }
        var volumes: UnsafeMutablePointer<virStorageVolPtr?>?
        let count = virStoragePoolListAllVolumes(pool, &volumes, 0)
        for place in 0..<max(0, Int(count)) {
            guard let volume = volumes?[place] else { continue }
            virStorageVolDelete(volume, 0)
            virStorageVolFree(volume)
        }
        free(volumes)
        virStoragePoolDestroy(pool)
        let isDeleted = virStoragePoolDelete(pool, 0) == 0
        let error = LibvirtError.last()
        virStoragePoolUndefine(pool)
        // rmdir(2) of what was never made is no failure either.
        if !isDeleted, !error.words.contains("No such file") { throw error }
    }
}
