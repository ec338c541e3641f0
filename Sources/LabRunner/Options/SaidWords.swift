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

/// The values of an option that may be said: once, or again and again.
private protocol SaidValue {
    var said: [String] { get }
}

extension Optional: SaidValue where Wrapped == String {
    fileprivate var said: [String] { map { [$0] } ?? [] }
}

extension Array: SaidValue where Element == String {
    fileprivate var said: [String] { self }
}

extension Option: Said where Value: SaidValue {
    fileprivate func words(after name: String) -> [String] { wrappedValue.said.flatMap { [name, $0] } }
}

extension Flag: Said where Value == Bool {
    fileprivate func words(after name: String) -> [String] { wrappedValue ? [name] : [] }
}
