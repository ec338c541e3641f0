import Glibc
import Testing

@testable import Experiments
@testable import LabCore
@testable import LabFile

@Suite(.serialized) struct KernelAndLayerTests {
    private func kernel(_ engine: EngineID) throws -> Finding {
        let before = Host.System.current()
        let finding = try ExperimentRun.perform(KernelOwnership(), on: engine, lab: "kernel-ownership")
        #expect(Host.System.current() == before)
        return finding
    }

    @Test("a process is on the host's kernel and changes nothing")
    func aProcessIsOnTheHostsKernel() throws {
        let finding = try kernel(.process)
        #expect(finding.isSo("own-kernel") == false)
        #expect(finding.values["alike-count"] == finding.values["compared-count"])
        #expect(finding.facts["hostname-stays-inside"] == nil && finding.facts["setting-stays-inside"] == nil)
    }

    @Test(
        "a container shares the kernel and has a host name of its own",
        .enabled(if: ExperimentRun.isRoot, "skipped: the change needs a UTS namespace alone"))
    func aContainerSharesTheKernel() throws {
        let finding = try kernel(.container)
        #expect(finding.isSo("own-kernel") == false && finding.isSo("hostname-stays-inside") == true)
        #expect(finding.mechanism("hostname-stays-inside") == .utsNamespace)
        #expect(finding.mechanism("setting-write") == .maskedPath)
        #expect(finding.values["alike-count"] == finding.values["compared-count"])
    }

    @Test("a VM has its own kernel and changes it without the host's noticing")
    func aVMHasItsOwnKernel() throws {
        let swappiness = Files.line("/proc/sys/vm/swappiness")
        let finding = try kernel(.qemuDirect)
        #expect(Files.line("/proc/sys/vm/swappiness") == swappiness)
        #expect(finding.isSo("own-kernel") == true && finding.mechanism("own-kernel") == .guestKernel)
        #expect(finding.isSo("hostname-stays-inside") == true && finding.isSo("setting-stays-inside") == true)
        #expect((finding.values["alike-count"] ?? 0) < (finding.values["compared-count"] ?? 0))
        let lab = try LabDirectory.open("\(checkout)/labs").definition("kernel-ownership")
        #expect(Set((lab.facts ?? []).map(\.id)) == Set(finding.facts.keys))
    }

    private func layer(_ engine: EngineID) throws -> Finding {
        let finding = try ExperimentRun.perform(
            VirtualisationLayer(), on: engine, lab: "virtualisation-layer")
        let lab = try LabDirectory.open("\(checkout)/labs").definition("virtualisation-layer")
        #expect(Set((lab.facts ?? []).map(\.id)) == Set(finding.facts.keys))
        // The work is one thread's, whichever: the rest is what the workload does beside it.
        #expect((finding.values["executor-share-ratio"] ?? 0) > 0.5)
        return finding
    }

    @Test(
        "the work of a process and of a container is done by the workload itself",
        arguments: [EngineID.process, .container])
    func theWorkloadItselfDoesTheWork(engine: EngineID) throws {
        let finding = try layer(engine)
        #expect(
            finding.isSo("workload-is-a-host-process") == true && finding.isSo("has-vcpu-threads") == false)
        #expect(
            finding.isSo("has-own-devices") == false
                && finding.facts["executor"]?.answer.english == "lab-guest")
    }

    @Test func theWorkOfAVMIsDoneByAThreadOfItsMonitor() throws {
        let finding = try layer(.qemuDirect)
        #expect(
            finding.isSo("workload-is-a-host-process") == false && finding.isSo("has-vcpu-threads") == true)
        #expect(
            finding.isSo("has-own-devices") == true
                && finding.facts["executor"]?.answer.english == "CPU 0/TCG")
        // Nothing of KVM is held where nothing of it is used.
        #expect(finding.isSo("has-kvm-descriptors") == false)
        #expect(finding.values["vcpu-threads-count"] == 1)
    }
}
