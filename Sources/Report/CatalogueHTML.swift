import LabCore

// The page around a report.
extension Catalogue {
    var skipToContent: String { pick("Skip to the content", "跳到正文") }
    var contents: String { pick("Sections", "章节") }
    func tableOf(_ section: String) -> String { pick("Table: \(section)", "表格：\(section)") }
    func plotOf(_ title: String) -> String { pick("Plot: \(title)", "图：\(title)") }
    var plotKeys: String {
        pick(
            "Rest the pointer on a mark for its values; by keyboard, Tab to the plot and move with the arrow keys.",
            "把指针停在图形上可看数值；用键盘时，按 Tab 进入图，再用方向键移动。")
    }
}
