import CGuest

/// A new file in a directory, whose name is gone before anything is written: nothing of it stays, whatever happens.
/// - Returns: its descriptor, for reading and writing.
func namelessFile(in directory: Text) throws(Failure) -> Int32 {
    let name: StaticString = "/lab-guest-XXXXXX"
    let length = Int(strlen(directory))
    let path = UnsafeMutablePointer<CChar>.allocate(capacity: length + name.utf8CodeUnitCount + 1)
    defer { path.deallocate() }
    strcpy(path, directory)
    strcpy(path + length, literal(name))
    let descriptor = mkstemp(path)
    guard descriptor >= 0 else { throw Failure("cannot make a file") }
    guard unlink(path) == 0 else { throw Failure("cannot remove the name of its file") }
    return descriptor
}
