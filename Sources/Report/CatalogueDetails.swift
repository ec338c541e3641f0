import LabCore

// How it was measured.
extension Catalogue {
    func lifecycle(_ workload: Phrase) -> Phrase {
        pick(
            "Each trial starts one instance with the workload \(workload), waits for its end and removes everything of it.",
            "每次试验启动一个实例，运行工作负载 \(workload)，等待结束，并清除其全部痕迹。")
    }
    func span(_ metric: Phrase, _ from: Phrase, _ to: Phrase) -> Phrase {
        pick("\(metric) is the time from \(from) to \(to).", "\(metric)是从 \(from) 到 \(to) 的时间。")
    }
    func namedValue(_ metric: Phrase, _ key: Phrase) -> Phrase {
        pick("\(metric) is the value \(key) of each sample.", "\(metric)是每个样本的 \(key) 值。")
    }
    var clock: Phrase {
        pick(
            "Marks are host \(code: "CLOCK_MONOTONIC"), taken when the host receives the byte that the guest sent: no two clocks "
                + "are compared.",
            "所有标记都取自宿主机的 \(code: "CLOCK_MONOTONIC")，在宿主机收到客体发出的字节时记录：不比较两个时钟。")
    }
    func limits(memory: String, cpus: Int, timeout: String, budget: String) -> Phrase {
        pick(
            "Each instance had \(memory) of memory and \(cpus) CPU\(cpus == 1 ? "" : "s") where the engine limits them, "
                + "at most \(timeout) to get ready; the run had a budget of \(budget).",
            "在引擎施加限制之处，每个实例有 \(memory) 内存和 \(cpus) 个 CPU，最多 \(timeout) 就绪；整个运行的时间预算为 "
                + "\(budget)。")
    }
    var statistics: Phrase {
        pick(
            "Medians with percentile bootstrap intervals (\(Format.grouped(UInt64(Bootstrap.draws))) resamples, seeded); quantiles of type 7; "
                + "ratios of medians with both sides resampled. Failures and time-outs are counted, never turned into "
                + "durations.",
            "中位数及百分位自助法区间（\(Format.grouped(UInt64(Bootstrap.draws))) 次重抽样，种子固定）；分位数为第 7 类；中位数之比由两侧独立重抽样"
                + "得到。失败与超时只计数，从不当作时间。")
    }
    func ending(_ ending: RunResult.Ending) -> Phrase {
        switch ending {
        case .complete: pick("The run ended when every planned trial had been made.", "所有计划的试验完成后结束。")
        case .budget: pick("The run ended with its time budget.", "时间预算用完后结束。")
        case .interrupted: pick("The run was interrupted by a signal.", "运行被信号中断。")
        case .killed:
            pick("The run was killed; this is what it had written down.", "运行被强行终止；以下是它已记录的内容。")
        }
    }
    func kept(_ baseline: Phrase) -> Phrase {
        pick(
            "\(baseline) is a bare fork and exec of the same program: what it takes is the harness's own share too.",
            "\(baseline) 只是对同一程序的 fork 与 exec：其用时也包含测量程序自身的开销。")
    }

    // What ran.
    var sameBytes: Phrase {
        pick("The same bytes ran in every engine:", "所有引擎运行的是相同的字节：")
    }
    var differences: Phrase { pick("What differs between the engines", "引擎之间的差异") }
    func kind(_ kind: EngineKind) -> Phrase {
        switch kind {
        case .process: pick("bare process", "普通进程")
        case .container: pick("container", "容器")
        case .virtualMachine: pick("virtual machine", "虚拟机")
        }
    }
    var boundary: Phrase { pick("boundary", "边界") }
    func madeBy(version: String, started: String, run: Phrase) -> Phrase {
        pick("Run \(run), started \(started), lab \(version).", "运行 \(run)，开始于 \(started)，lab \(version)。")
    }

    // Environment.
    var processor: Phrase { pick("CPU", "处理器") }
    var processors: Phrase { pick("CPUs", "处理器数") }
    var microcode: Phrase { pick("microcode", "微码") }
    var memory: Phrase { pick("memory", "内存") }
    var swap: Phrase { pick("swap", "交换空间") }
    var kernel: Phrase { pick("kernel", "内核") }
    var systemName: Phrase { pick("distribution", "发行版") }
    var underHypervisor: Phrase { pick("itself virtual, under", "本机自身是虚拟机，位于") }
    var cgroups: Phrase { pick("cgroups", "cgroup 布局") }
    var governor: Phrase { pick("frequency governor", "调频策略") }
    var turbo: Phrase { pick("turbo", "睿频") }
    var smt: Phrase { pick("SMT", "超线程") }
    var load: Phrase { pick("load at the start", "开始时负载") }
    var asRoot: Phrase { pick("run as root", "以 root 运行") }
    var mitigations: Phrase { pick("mitigations", "漏洞缓解措施") }

    // Warnings.
    var noWarnings: Phrase { pick("None.", "无。") }
    /// `places` are points of the run; empty where nothing is varied.
    func few(_ engine: Phrase, _ n: Int, at places: Phrase) -> Phrase {
        places.isEmpty
            ? pick(
                "\(engine) has only \(n) sample\(n == 1 ? "" : "s"): its interval is rough. Remedy: \(code: "--samples").",
                "\(engine) 只有 \(n) 个样本：区间粗略。办法：\(code: "--samples")。")
            : pick(
                "\(engine) has few samples, \(n) in the least case, at \(places): those intervals are rough. Remedy: "
                    + "\(code: "--samples").",
                "\(engine) 在以下条件下样本很少（最少 \(n) 个）：\(places)，其区间粗略。办法：\(code: "--samples")。")
    }
    func drifted(_ engine: Phrase, _ changes: Phrase) -> Phrase {
        pick(
            "\(engine) drifted by \(changes) while the run went on: the machine was not in a steady state.",
            "\(engine) 在运行期间漂移了 \(changes)：机器未处于稳定状态。")
    }
    func autocorrelated(_ engine: Phrase, _ correlations: Phrase) -> Phrase {
        pick(
            "Neighbouring samples of \(engine) depend on each other (\(correlations)): the interval is too narrow.",
            "\(engine) 的相邻样本互相依赖（\(correlations)）：区间偏窄。")
    }
    /// A figure with the place that it holds for.
    func placed(_ figure: String, at place: Phrase) -> Phrase {
        place.isEmpty ? Phrase(figure) : pick("\(figure) at \(place)", "\(place) 处 \(figure)")
    }
    func andMore(_ count: Int) -> Phrase { pick("\(count) more", "另外 \(count) 处") }
    func outlying(_ engine: Phrase, _ count: Int, _ n: Int) -> Phrase {
        pick(
            "\(engine): \(count) of \(n) samples flagged as outliers and kept; the median hardly feels them.",
            "\(engine) 的 \(n) 个样本中有 \(count) 个离群值；均予保留，中位数几乎不受影响。")
    }
    func failures(_ engine: Phrase, _ count: Int, after mark: Phrase?, example: Phrase) -> Phrase {
        let place: Phrase = mark.map { pick(" after \($0)", "，在 \($0) 之后") } ?? ""
        return pick(
            "\(engine): \(count) sample\(count == 1 ? "" : "s") failed\(place): \(example)",
            "\(engine)：\(count) 个样本失败\(place)：\(example)")
    }
    func incomplete(_ made: Int, _ planned: Int) -> Phrase {
        pick("Only \(made) of \(planned) planned trials were made.", "计划的 \(planned) 次试验只完成了 \(made) 次。")
    }

    // How to do it again.
    var commandNote: Phrase {
        pick("The run, on a machine with the same state:", "在状态相同的机器上重新运行：")
    }
    var reportNote: Phrase {
        pick("This report, byte for byte, in this directory:", "在本目录中逐字节重新生成本报告：")
    }
}
