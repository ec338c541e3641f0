/// Chinese, sentence by sentence. The tables follow the targets that make the texts; `TextsTests` prints what is missing.
enum Chinese {
    typealias Table = KeyValuePairs<String, String>

    static let tables: [Table] = [
        core, results, labFile, labCommand, containers, containerSteps, containerExperiments, peers,
        virtualMachines, variants, experiments, xen, words, report, methods, reportedExperiments, table,
        commands, systems,
    ]
    /// The texts that stand in no source: names, and the words of strerror(3).
    static let foreign: [Table] = [names, kernel]

    static let sentences = Dictionary(
        (tables + foreign).flatMap { $0.map { ($0.key, $0.value) } }, uniquingKeysWith: { first, _ in first })
}
