import LabCore

/// What experiments found: a table of facts and a table of figures for each point, a column per engine.
struct ExperimentAnswer: MethodAnswer {
    let analysis: Analysis
    let text: Catalogue

    var tables: String { "" }
    var comparison: String { "" }
    var note: String { "" }
    var plainTable: [[String]] { [[text.engine]] }
}

extension Catalogue {
    var experimentMethod: String {
        pick(
            "Each trial does one experiment on one engine; what a guest says counts only where the host saw it too.",
            "每次试验在一个引擎上做一个实验；客户机所说的，只有宿主机也看到了才算数。")
    }
}
