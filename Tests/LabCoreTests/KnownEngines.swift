import ContainerDriver
import LabCore
import LabFile
import VMDriver

/// What the drivers export, as the program knows it.
enum KnownEngines {
    static let all = ContainerEngines.all + VMEngines.all
    static let ids = all.map(\.id)
    static let emulating = all.filter(\.emulates).map(\.id)
}

extension LabFile {
    static func parse(_ text: String, name: String, folder: String? = nil) throws(LabError) -> LabDefinition {
        try parse(Array(text.utf8), name: name, folder: folder)
    }

    static func parse(_ bytes: [UInt8], name: String, folder: String? = nil) throws(LabError) -> LabDefinition
    {
        try parse(bytes, name: name, folder: folder, engines: KnownEngines.ids)
    }
}

extension LabDirectory {
    static func open(_ directory: String) throws(LabError) -> LabDirectory {
        try open(directory, engines: KnownEngines.ids)
    }
}
