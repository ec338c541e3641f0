import FoundationEssentials
import LabCore

/// What a run leaves of its costs to those that follow.
extension TrialCosts {
    /// Those that earlier runs left at `path`; none where that can't be read or is no such file.
    public init(at path: String) {
        self.init(reading: (try? Files.read(path, limit: 4 << 20)) ?? [])
    }

    package init(reading bytes: [UInt8]) {
        self.init(measured: (try? JSONDecoder().decode([String: Double].self, from: Data(bytes))) ?? [:])
    }

    /// Leaves them to the runs that follow.
    /// - Throws: `.output`.
    public func write(to path: String) throws(LabError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let text = try? encoder.encode(measured) else { return }
        try Files.write(text, to: path)
    }
}
