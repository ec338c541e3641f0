import Glibc
import LabCore
import Testing

@testable import VMDriver

/// Which connections are opened, and which processes ended, because a journal names them.
@Suite struct JournaledConnectionTests {
    private let run: RunPlaces

    init() throws { run = try RunPlaces("t1", LabPaths(cache: "/tmp/c", state: "/tmp/s")) }

    private func error(_ body: () throws -> Void) -> LabError? {
        do {
            try body()
            return nil
        } catch { return error as? LabError }
    }

    @Test("A URI that runs a program runs none, unless the user names it; who believes it runs it")
    func aURIThatRunsAProgramIsNotOpened() throws {
        let directory = "/tmp/lab-uri-\(UInt32.random(in: 0 ... .max))"
        try Files.makeDirectory(directory)
        defer { try? Files.removeTree(directory) }
        let program = "\(directory)/program"
        // It ends at once, so that libvirt has an answer.
        try Files.write("#!/bin/sh\n: > \(directory)/ran\n", to: program, mode: 0o755)
        // With a host in it: once the embedded driver is open, libvirt's remote driver leaves URIs without one to it.
        let uri = "qemu+ext://host/system?command=\(program)"
        let depot = try RunPlaces("lab-depot-1-a", run.paths)
        for refused in [
            error { try DomainRemover.remove("lab-t1-0 \(uri)", of: run) },
            error { try FileUploadRemover.remove("lab-depot-1-a \(uri)", of: depot) },
        ] {
            #expect(refused?.kind == .permission)
            #expect(refused?.remedy?.english.contains("lab clean --connect") == true)
        }
        #expect(!Files.exists("\(directory)/ran"))
        let failed = error { try DomainRemover.remove("lab-t1-0 \(uri)", of: run, connection: uri) }
        let deadline = MonotonicInstant.now().advanced(by: .seconds(20))
        while !Files.exists("\(directory)/ran"), MonotonicInstant.now() < deadline { usleep(10_000) }
        #expect(
            Files.exists("\(directory)/ran"),
            "the control: the user's own word opens it; \(String(describing: failed))")
    }

    @Test("Only lab's own roots and this machine's own daemons are opened unasked")
    func onlyPlainConnectionsAreOpened() throws {
        for uri in [
            EmbeddedRoot.uri(of: EmbeddedRoot.directory(run.paths, slot: 0)), "qemu:///system",
            "xen:///system",
        ] {
            #expect(throws: Never.self) { try JournaledConnection.check(uri, of: run, named: nil) }
        }
        for uri in [
            "", "qemu", "qemu+unix:///system", "qemu+unix:///system?socket=/tmp/x", "qemu+ssh://host/system",
            "qemu+libssh://host/system", "qemu+ext:///system", "qemu:///system?socket=/tmp/x",
            "qemu://host/system",
            "qemu:///embed?root=/tmp/evil", "qemu:///embed?root=/tmp/c/libvirt/0/../../evil",
            "qemu:///embed?root=/tmp/c/libvirt/9", "qemu:///system ", "test:///default", "QEMU:///system",
        ] {
            let error = #expect(throws: LabError.self) {
                try JournaledConnection.check(uri, of: run, named: nil)
            }
            #expect(error?.kind == .permission, "\(uri)")
            #expect(throws: Never.self) { try JournaledConnection.check(uri, of: run, named: uri) }
        }
    }

    @Test("A domain, a pool or a QEMU of another name is not touched")
    func namesOfOthersAreRefused() {
        for name in ["", "debian", "lab-t2-0", "lab-t10-0", "lab-t1/../x"] {
            for refused in [
                error { try DomainRemover.remove("\(name) qemu:///system", of: run) },
                error { try FileUploadRemover.remove("\(name) qemu:///system", of: run) },
                error { try DomainRemover.remove(qemu: name, of: run) },
            ] { #expect(refused?.kind == .data, "\(name)") }
        }
        // A depot's pool is called as its journal is, and no other run has one.
        #expect(throws: LabError.self) { try FileUploadRemover.remove("t1 qemu:///system", of: self.run) }
    }

    @Test("A process that only says that it is the run's QEMU is not ended; its words alone would do")
    func whoOnlySaysSoIsNotEnded() throws {
        let name = "lab-t1-\(UInt32.random(in: 0 ... .max))"
        let texts = ["sh", "-c", "while :; do sleep 9; done", "-name", "guest=\(name),debug-threads=on"]
        let words: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        try #require(posix_spawn(&child, "/bin/sh", nil, nil, words, environ) == 0)
        defer {
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
        }
        // posix_spawn(3) returns a moment before the new program's words can be read.
        var line = ""
        let deadline = MonotonicInstant.now().advanced(by: .seconds(10))
        while line.isEmpty, MonotonicInstant.now() < deadline {
            line = try Files.readText("/proc/\(child)/cmdline")
        }
        #expect(line.contains("-name\0guest=\(name),"), "the control: the command line is that of a VM")
        #expect(QEMUProcess.all(of: name).isEmpty)
        try DomainRemover.remove(qemu: name, of: run)
        #expect(waitpid(child, nil, WNOHANG) == 0)
    }
}
