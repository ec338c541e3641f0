import Testing

@testable import LabCore

@Suite struct DebianPackageTests {
    @Test func theMetaPackageNamesItsImage() {
        let text = "linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-56-cloud-amd64\n"
        #expect(DebianPackage.kernel(in: text) == "linux-image-6.1.0-56-cloud-amd64")
        #expect(DebianPackage.kernel(in: "W: nothing\n") == nil)
    }
}
