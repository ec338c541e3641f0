import LabCore

/// A text of an exercise as a page to print or to publish.
public enum Handout {
    /// One self-contained page of Markdown texts, one under the other.
    public static func page(_ texts: [String], title: String, language: Language) -> String {
        HTMLPage.render(texts.map(MarkdownReader.blocks), title: title, language)
    }
}
