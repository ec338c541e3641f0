import LabCore
import Translations

/// What cleaning has to say, as lines.
struct CleanText {
    let text: Catalogue

    func line(_ resource: JournaledResource) -> String { "\(kind(resource.kind)) \(resource.name)" }

    /// That it is gone, or as it was.
    func done(_ resource: JournaledResource) -> String {
        (resource.kind == .setting ? text.pick("put back: ", "已恢复：") : text.pick("gone: ", "已清除："))
            + line(resource)
    }

    /// What will be done.
    func planned(_ resource: JournaledResource) -> String {
        (resource.kind == .setting
            ? text.pick("would put back: ", "将恢复：") : text.pick("would remove: ", "将清除："))
            + line(resource)
    }

    func left(_ failure: Cleaner.Outcome.Failure) -> String {
        let (what, reason) = (line(failure.resource), text.reason(failure.error))
        return text.pick("\(what) is left: \(reason)", "\(what) 仍有残留：\(reason)")
    }

    var nothingLeft: String { text.pick("nothing is left of any dead run", "没有任何已死的运行留下东西") }
    func alive(_ run: String) -> String {
        text.pick("left alone: the run \(run), which is alive", "未动：运行 \(run)，它还活着")
    }

    private func kind(_ kind: JournaledResource.Kind) -> String {
        text.pick(kind.rawValue, Self.chinese[kind] ?? kind.rawValue)
    }

    /// Every kind of leftover.
    static let chinese: [JournaledResource.Kind: String] = [
        .domain: "虚拟机", .pool: "存储池", .qemu: "QEMU 进程", .cgroup: "控制组（cgroup）", .directory: "目录", .file: "文件",
        .peer: "容器引擎的存储", .setting: "机器设置", .sharedMemory: "共享内存段",
    ]
}
