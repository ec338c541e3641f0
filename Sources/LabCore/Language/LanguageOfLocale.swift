extension Language {
    /// The language of the locale for messages: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set and not
    /// empty decides, see POSIX.1-2017, Base Definitions 8.2. `zh` and what begins so is Chinese, anything else English.
    public static func ofLocale(_ environment: [String: String]) -> Language {
        let names = ["LC_ALL", "LC_MESSAGES", "LANG"]
        let locale = names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        return locale.lowercased().hasPrefix("zh") ? .chinese : .english
    }
}
