// Prints the digest of a directory, by the function that a run uses. In a VM it says what the guest sees of a tree: the
// tests of commands in VMs start it there, and hold it against the host's.

import Artifacts
import Glibc
import LabCore

guard CommandLine.arguments.count == 2 else {
    print("usage: tree-digest DIRECTORY")
    exit(64)
}
do throws(LabError) {
    print(try MergedTree.digest([CommandLine.arguments[1]]))
} catch {
    print(error)
    exit(error.exitCode)
}
