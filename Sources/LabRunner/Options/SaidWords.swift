import ArgumentParser

/// The words of a command line, made again from what was parsed: each option that was given and each flag that was set,
/// by the names of the properties, so that a new option needs no line here.
extension ParsableArguments {
    var saidWords: [String] {
        Mirror(reflecting: self).children.flatMap { child -> [String] in
            guard let value = child.value as? any Said, let label = child.label else { return [] }
            // The wrapper of `mostSamples` is `_mostSamples`, its option `--most-samples`.
            let name = label.dropFirst().map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
            return value.words(after: "--\(name)")
        }
    }
}

private protocol Said {
    func words(after name: String) -> [String]
}

extension Option: Said where Value == String? {
    fileprivate func words(after name: String) -> [String] { wrappedValue.map { [name, $0] } ?? [] }
}

extension Flag: Said where Value == Bool {
    fileprivate func words(after name: String) -> [String] { wrappedValue ? [name] : [] }
}
