/// The document's table (section 3, 虚拟机和容器的对比), word for word, with a translation: what the labs are there to put
/// evidence behind.
public enum DocumentTable {
    public struct Row: Sendable {
        /// The subject of the comparison; its Chinese words are the key, `LabDefinition.dimension`.
        public var dimension: LocalizedText
        public var vm: LocalizedText
        public var container: LocalizedText
    }

    /// The keys of the rows, in the document's own words.
    public static var dimensions: [String] { rows.map { $0.dimension[.chinese] } }

    /// The twelve rows in the document's order.
    public static let rows: [Row] = [
        row(
            ("虚拟化层级", "virtualisation layer"), ("硬件层(物理硬件抽象)", "the hardware (physical hardware abstracted)"),
            ("操作系统层(内核资源抽象)", "the operating system (kernel resources abstracted)")),
        row(
            ("内核归属", "whose kernel"),
            ("每个虚拟机有独立的内核(Guest OS)", "each VM has a kernel of its own (guest OS)"),
            ("所有容器共享宿主机内核,无独立内核", "all containers share the host's kernel, none has its own")),
        row(
            ("资源分配方式", "allocation of resources"),
            ("预先分配,独占配额,闲置不释放", "allocated in advance, an exclusive quota, not given back when idle"),
            ("动态分配,按需使用,闲置释放给宿主机", "allocated dynamically, used on demand, given back to the host when idle")),
        row(
            ("启动速度", "speed of start-up"), ("分钟级(需加载完整 OS)", "minutes (a whole OS must be loaded)"),
            ("毫秒 / 秒级(仅启动进程)", "milliseconds to seconds (only a process is started)")),
        row(
            ("镜像 / 系统体积", "size of image or system"),
            ("GB 级(含完整 OS、内核、库)", "gigabytes (a whole OS, kernel and libraries)"),
            (
                "MB 级(仅含应用 + 依赖,共享基础层)",
                "megabytes (only the application and what it needs, base layers shared)"
            )),
        row(
            ("隔离性", "isolation"),
            ("硬件级隔离,极强,彼此无感知", "isolated by hardware, very strong, unaware of each other"),
            (
                "进程级隔离,较强,基于 Linux 内核特性,存在逃逸风险",
                "isolated as processes, fairly strong, by features of the Linux kernel, with a risk of escape"
            )),
        row(
            ("性能损耗", "loss of performance"),
            ("5%-20%(Type1 低,Type2 高)", "5–20 % (less with Type-1, more with Type-2)"),
            ("1%-5%,几乎可忽略(Linux 宿主机)", "1–5 %, almost negligible (on a Linux host)")),
        row(
            ("资源利用率", "utilisation of resources"),
            ("低,资源独占,易闲置浪费", "low: resources are held exclusively and easily lie idle"),
            (
                "极高,支持超分,可运行数十 / 上百个轻量容器",
                "very high: overcommitment, dozens to hundreds of light containers"
            )),
        row(
            ("OS 支持", "operating systems"),
            ("支持任意异构 OS(Windows/Linux/macOS)", "any, of any kind (Windows, Linux, macOS)"),
            (
                "仅支持与宿主机内核兼容的 OS,Linux 为主,Windows 需特殊适配",
                "only those compatible with the host's kernel, mostly Linux; Windows needs special adaptation"
            )),
        row(
            ("核心实现技术", "core technology"),
            ("Hypervisor(KVM/ESXi/VirtualBox)", "hypervisor (KVM, ESXi, VirtualBox)"),
            (
                "Linux 内核(Namespaces/cgroups/UnionFS)+ 运行时(containerd/runc)",
                "the Linux kernel (namespaces, cgroups, UnionFS) and a runtime (containerd, runc)"
            )),
        row(
            ("运维复杂度", "complexity of operations"),
            ("高,每个 VM 独立维护(更新 / 打补丁)", "high: each VM is maintained by itself (updates, patches)"),
            (
                "低,镜像版本化,一次构建到处运行,集群可自动化编排",
                "low: versioned images, built once and run anywhere, clusters orchestrated automatically"
            )),
        row(
            ("代表工具", "representative tools"),
            ("VMware ESXi/KVM/VirtualBox/Hyper-V", "VMware ESXi, KVM, VirtualBox, Hyper-V"),
            (
                "Docker/containerd/K8s/Docker Compose/Podman",
                "Docker, containerd, K8s, Docker Compose, Podman"
            )),
    ]

    private static func row(
        _ dimension: (zh: String, en: String), _ vm: (zh: String, en: String),
        _ container: (zh: String, en: String)
    ) -> Row {
        Row(
            dimension: LocalizedText(en: dimension.en, zh: dimension.zh),
            vm: LocalizedText(en: vm.en, zh: vm.zh),
            container: LocalizedText(en: container.en, zh: container.zh))
    }
}

/// A lab's contents for its row of the document's table. Which row that is says `LabDefinition.dimension`.
public struct TableRow: Codable, Equatable, Sendable {
    /// The contents of the measured cells of `kvm`, `qemu` and `container`, in order.
    public var shows: [Shown]
    /// The claims of the lab, by their ids, from which the verdicts on the row's two halves follow: *supported* when
    /// all of a subject's are confirmed, *refuted* when all are contradicted, *conditional* when some are the one and
    /// some the other, and none when the data decide too little.
    public var claims: [String]

    public struct Shown: Codable, Equatable, Sendable {
        /// A metric of the lab, or a fact: exactly one of them.
        public var metric: String?
        public var fact: String?
        public var at: Condition
        /// Of a metric: show the ratio to this engine instead of the value itself.
        public var relativeTo: EngineID?
        /// The title before the figure; nil where the row's name says it.
        public var title: LocalizedText?

        public init(
            metric: String? = nil, fact: String? = nil, at: Condition = [:], relativeTo: EngineID? = nil,
            title: LocalizedText? = nil
        ) {
            self.metric = metric
            self.fact = fact
            self.at = at
            self.relativeTo = relativeTo
            self.title = title
        }
    }

    public init(shows: [Shown], claims: [String]) {
        self.shows = shows
        self.claims = claims
    }
}
