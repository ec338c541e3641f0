import Testing

@testable import LabCore

@Suite struct HostStateTests {
    @Test func availableMemoryIsReadFromMeminfo() {
        let text = "MemTotal:       24637392 kB\nMemFree:  1 kB\nMemAvailable:   23999000 kB\n"
        #expect(HostMemory.available(meminfo: text) == 23_999_000 * 1_024)
        for odd in ["", "MemAvailable:", "MemAvailable: many kB", "MemAvailable: 18446744073709551615 kB"] {
            #expect(HostMemory.available(meminfo: odd) == nil)
        }
    }

    @Test func stealIsTheEighthFigureOfTheFirstLine() {
        let text = "cpu  1 2 3 4 5 6 7 88 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
        #expect(CPUTimes(text)?.steal == 88)
        for odd in ["", "cpu ", "cpu 1 2 3", "cpu 1 2 3 4 5 6 7 x", "intr 1 2 3 4 5 6 7 8 9"] {
            #expect(CPUTimes(odd)?.steal == nil)
        }
    }

    @Test func thisMachineTellsBoth() throws {
        #expect(try #require(HostMemory.availableBytes()) > 0)
        #expect(HostCPU.stealNanoseconds() != nil)
    }
}
