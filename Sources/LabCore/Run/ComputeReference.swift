/// What `lab-guest compute` works out, written a second time and without the work around it.
enum ComputeReference {
    static func digest(kind: String, rounds: Int) -> String { "" }
}
