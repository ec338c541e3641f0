import CLibvirt
import LabCore

extension Domain {
    /// The statistics of its virtual processors that are counts since its start, summed over the processors. The
    /// corresponding C function is `virDomainListGetStats`.
    func exitCounts() throws(LabError) -> [String: UInt64] {
        ProcessorStatistics.counts(try statistics(VIR_DOMAIN_STATS_VCPU.rawValue))
    }
}

/// The names under which libvirt hands on what the hypervisor counts: `vcpu.0.exits.sum`, see
/// https://libvirt.org/html/libvirt-libvirt-domain.html#virConnectGetAllDomainStats.
enum ProcessorStatistics {
    /// Those of all processors, summed by what is counted. What is no running sum is left out: states, peaks, times.
    static func counts(_ statistics: [(name: String, value: UInt64)]) -> [String: UInt64] {
        var counts: [String: UInt64] = [:]
        for (name, value) in statistics {
            let words = name.split(separator: ".", omittingEmptySubsequences: false)
            guard words.count == 4, words[0] == "vcpu", UInt(words[1]) != nil, words[3] == "sum",
                !words[2].isEmpty, !words[2].hasSuffix("_ns")
            else { continue }
            counts[String(words[2]), default: 0] &+= value
        }
        return counts
    }
}
