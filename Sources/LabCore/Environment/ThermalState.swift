/// The slowing of the processors by heat.
struct ThermalState: Equatable, Sendable {
    /// The counters of throttling since boot, summed over cores and packages, so that only their growth means anything;
    /// nil where the kernel does not count. See the kernel's drivers/thermal/intel/therm_throt.c.
    var events: UInt64?
    /// Cooling devices that hold a processor back right now: `Processor at 3 of 10`.
    var active: [Message]

    /// - Parameters:
    ///   - counters: texts of `core_throttle_count` and `package_throttle_count` of each CPU.
    ///   - devices: texts of `type`, `cur_state` and `max_state` of each cooling device.
    init(
        counters: [String], devices: [(type: String?, state: String?, most: String?)]
    ) {
        let counts = counters.compactMap { UInt64($0) }
        events =
            counts.isEmpty
            ? nil : counts.reduce(0) { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 }
        active = devices.compactMap { device in
            guard let type = device.type, Self.holdsProcessors(type),
                let state = device.state.flatMap({ Int64($0) }), state > 0
            else { return nil }
            return "\(type) at \(state)\(device.most.map { " of \($0)" } ?? "")"
        }
    }

    /// Fans and chargers are cooling devices too. The names are those that the kernel's drivers register.
    private static func holdsProcessors(_ type: String) -> Bool {
        type == "Processor" || type == "intel_powerclamp" || type.contains("cpufreq")
            || type.contains("cpuidle")
    }
}
