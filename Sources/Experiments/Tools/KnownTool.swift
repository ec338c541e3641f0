import LabCore

/// A tool that the document names as representative, or one of its kind, and how to see whether it is here.
struct KnownTool: Sendable {
    /// Which half of the document's row it belongs to.
    enum Side: Sendable { case vm, container }

    /// The id of its fact.
    let id: String
    let side: Side
    /// Its program and the words that make it say its version; nil for what is no program of this machine.
    let program: String?
    let version: [String]
    /// The names of the processes that must run so that it works, any of them; empty for a tool that needs none.
    let daemons: [String]
    /// True when it is a part of its program that may be missing.
    let isPlugin: Bool

    /// An engine's, nil where it has none of its own.
    init?(of engine: EngineDescriptor) {
        guard let tool = engine.tool else { return nil }
        self.init(
            "tool-\(tool)", engine.kind == .virtualMachine ? .vm : .container, tool,
            daemons: engine.daemons)
    }

    private init(
        _ id: String, _ side: Side, _ program: String?, _ version: [String] = ["--version"],
        daemons: [String] = [], isPlugin: Bool = false
    ) {
        self.id = id
        self.side = side
        self.program = program
        self.version = version
        self.daemons = daemons
        self.isPlugin = isPlugin
    }

    /// Those beside the engines', from the bottom of the stack to its top.
    static let all: [KnownTool] = [
        // Below any operating system, or in another one: no program of this machine could say that it is here.
        KnownTool("tool-esxi", .vm, nil),
        KnownTool("tool-hyper-v", .vm, nil),
        KnownTool("tool-xen", .vm, "xl", ["info", "--numa=0"], daemons: ["xenstored", "oxenstored"]),
        KnownTool("tool-kvm", .vm, nil),
        KnownTool("tool-qemu", .vm, "qemu-system-x86_64"),
        KnownTool("tool-virtualbox", .vm, "VBoxManage"),
        KnownTool("tool-vmware", .vm, "vmplayer"),
        KnownTool("tool-libvirt", .vm, "libvirtd", daemons: ["libvirtd", "virtqemud"]),
        KnownTool("tool-virsh", .vm, "virsh"),
        KnownTool("tool-nspawn", .container, "systemd-nspawn"),
        KnownTool("tool-lxc", .container, "lxc-start"),
        KnownTool("tool-containerd", .container, "containerd", daemons: ["containerd"]),
        KnownTool("tool-dockerd", .container, "dockerd", daemons: ["dockerd"]),
        KnownTool("tool-buildah", .container, "buildah"),
        KnownTool(
            "tool-compose", .container, "docker", ["compose", "version"], daemons: ["dockerd"], isPlugin: true
        ),
        KnownTool("tool-kubelet", .container, "kubelet", daemons: ["kubelet"]),
        KnownTool(
            "tool-kubectl", .container, "kubectl", ["version", "--client"],
            daemons: ["kube-apiserver", "k3s"]),
    ]
}
