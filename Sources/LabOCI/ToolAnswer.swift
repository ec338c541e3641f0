import LabCore

extension Tool {
    /// What a tool of the machine's prints.
    /// - Parameter asking: What a failure begins with.
    /// - Throws: `Failure` where it can't be run, takes longer than half a minute, or says no.
    static func answer(_ program: String, _ words: [String], asking: String) throws -> String {
        let output: Tool.Output
        do {
            output = try run(
                program, words, in: "/", deadline: .now().advanced(by: .seconds(30)), limit: 1 << 16)
        } catch { throw Failure("\(asking): \(error.words)") }
        guard output.status == 0 else {
            throw Failure("\(asking): \(ForeignText.line(output.text.trimmingWhitespace(), most: 400))")
        }
        return output.text
    }
}
