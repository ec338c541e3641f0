/// Room on a disk of the host's for what one instance writes, made before the instance and removed after it.
public struct InstanceStorage: Equatable, Sendable {
    /// On the host; holds all of it.
    public var directory: String
    /// As lab-guest is told it: a directory in the instance, or `disk:SERIAL` for the file system on a disk of a machine.
    public var place: String
    /// What lies between the program and the host's file system.
    public var title: Message

    public init(directory: String, place: String, title: Message) {
        self.directory = directory
        self.place = place
        self.title = title
    }
}

/// An engine whose instances can write to a disk of the host's, `LaunchRequest.storage`.
public protocol StorageGiving: PreparedEngine {
    /// Makes the room for one instance.
    /// - Parameters:
    ///   - directory: an empty one of the caller's, who removes it with all that is in it when the instance is gone.
    ///   - bytes: what will be written.
    ///   - condition: that of the instance.
    /// - Throws: `.unavailable` where an instance can have none there, `.usage` for a variant that has none.
    func makeStorage(
        in directory: String, bytes: UInt64, at condition: Condition
    ) throws(LabError) -> InstanceStorage
}
