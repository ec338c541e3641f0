extension String {
    /// The digits of a number with zeros before them, so that they are so many at least.
    package func zeroPadded(to width: Int) -> String {
        String(repeating: "0", count: max(0, width - utf8.count)) + self
    }
}
