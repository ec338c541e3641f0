/// Chinese, sentence by sentence. The tables follow the targets that make the texts; `TextsTests` prints what is missing.
enum Chinese {
    typealias Table = KeyValuePairs<String, String>

    static let table = SentenceTable(
        [
            core, results, labFile, labCommand, containers, containerSteps, containerExperiments, peers,
            virtualMachines, variants, experiments, xen, words, report, methods, reportedExperiments,
            documentTable, commands, builds, systems, ownPrograms, network, images, course, grading,
            storage, firstRun,
        ], foreign: [names, kernel])
}
