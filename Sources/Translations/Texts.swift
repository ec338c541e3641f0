/// Every text that is made deep down, in English and Chinese. `{}` is what is filled in; see `Template`.
///
/// A text that is missing here is shown in English, and `TextsTests` fails and prints the line to add. The tables
/// follow the targets that make the texts.
enum Texts {
    typealias Table = KeyValuePairs<String, String>

    /// The tables whose texts stand in the sources.
    static let tables: [Table] = [
        core, results, labFile, labCommand, containers, containerSteps, containerExperiments, peers,
        virtualMachines, variants, experiments, xen,
    ]

    /// Names of one word, which are translated only where they stand alone: `root` in a sentence is a user.
    static let words: Table = [
        "none": "无", "unknown": "未知", "labs": "实验", "answered": "已应答",
        // What fills the holes of what experiments say.
        "set": "已设", "changed": "已改变", "gone": "已消失", "free": "空闲", "taken": "已占用", "reached": "能连上",
        "with": "有", "without": "没有", "true": "是", "false": "否", "others": "其他", "own": "自己的", "shared": "共享",
        // What the report lists of an engine.
        "runtime": "运行时", "namespaces": "命名空间", "root": "根文件系统", "cgroups": "控制组（cgroup）",
        "capabilities": "权能（capability）", "start": "启动方式", "version": "版本", "daemon": "守护进程",
        "root-filesystem": "根文件系统", "machine": "机型", "connection": "连接", "accelerator": "加速方式",
        "kernel": "内核", "workload": "工作负载",
        "initramfs": "initramfs 内存盘", "pipes": "管道",
    ]

    static let all: [(en: String, zh: String)] = (tables + [kernel]).flatMap {
        $0.map { (en: $0.key, zh: $0.value) }
    }
}
