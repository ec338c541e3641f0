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
        // Known to the daemon until it is undefined: whoever cleans up after a restart still finds it.
        guard let pool = virStoragePoolDefineXML(pointer, xml, 0) else {
            throw failure("cannot make the storage pool \(name)")
        }
        defer { virStoragePoolFree(pool) }
        guard virStoragePoolBuild(pool, VIR_STORAGE_POOL_BUILD_NEW.rawValue) == 0,
            virStoragePoolCreate(pool, 0) == 0
        else {
            let error = failure("cannot make the directory \(path) on the host of libvirt")
            virStoragePoolDelete(pool, 0)
            virStoragePoolUndefine(pool)
            throw error
        }
    }

    /// Writes a file of a pool. The corresponding C functions are `virStorageVolCreateXML` and `virStorageVolUpload`.
    func upload(_ bytes: [UInt8], as name: String, toPool poolName: String) throws(LabError) {
        let doing = "cannot bring \(bytes.count) bytes to the host of libvirt"
        guard let pool = virStoragePoolLookupByName(pointer, poolName) else { throw failure(doing) }
        defer { virStoragePoolFree(pool) }
        let xml = """
            <volume><name>\(xmlEscaped(name))</name><capacity unit='bytes'>\(bytes.count)</capacity>
            <target><format type='raw'/><permissions><mode>0644</mode></permissions></target></volume>
            """
        guard let volume = virStorageVolCreateXML(pool, xml, 0) else { throw failure(doing) }
        defer { virStorageVolFree(volume) }
        guard let pointer = virStreamNew(pointer, 0) else { throw failure(doing) }
        let stream = DataStream(owning: pointer)
        guard virStorageVolUpload(volume, pointer, 0, UInt64(bytes.count), 0) == 0 else {
            throw failure(doing)
        }
        do throws(LabError) {
            try stream.send(bytes, doing)
        } catch {
            stream.abort()
            throw error
        }
        try stream.finish(doing)
    }

    /// Removes a pool of `makePool`, its files and its directory; one that is gone already is no error.
    ///
    /// The corresponding C functions are `virStorageVolDelete`, `virStoragePoolDestroy`, `virStoragePoolDelete` and
    /// `virStoragePoolUndefine`.
    func removePool(named name: String) throws(LabError) {
        let doing = "cannot remove the storage pool \(name)"
        guard let pool = virStoragePoolLookupByName(pointer, name) else {
            let error = LibvirtError.last()
            if error.code == VIR_ERR_NO_STORAGE_POOL.rawValue { return }
            throw error.labError(.instance, doing)
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
        if !isDeleted, !error.message.contains("No such file") { throw error.labError(.instance, doing) }
    }

    private func failure(_ doing: String) -> LabError { LibvirtError.last().labError(.output, doing) }
}
