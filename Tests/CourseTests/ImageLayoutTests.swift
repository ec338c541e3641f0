import Artifacts
import Testing

@testable import Course
@testable import LabCore

@Suite struct ImageLayoutTests {
    private let most = 1 << 20

    private func layer(_ entries: [(String, Character, String)]) -> [UInt8] {
        var tar = HandMadeTar()
        for (name, type, content) in entries { tar.add(name, type: type, content: Array(content.utf8)) }
        return tar.ended
    }

    /// A layout of layers as they are packed, with the diff_ids that they are said to have.
    private func layout(_ layers: [[UInt8]], diffIDs: [String]? = nil) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = ["oci-layout": Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)]
        func put(_ bytes: [UInt8], _ type: String) -> String {
            files["blobs/sha256/\(Digest.sha256(bytes))"] = bytes
            return
                #"{"mediaType":"\#(type)","digest":"sha256:\#(Digest.sha256(bytes))","size":\#(bytes.count)}"#
        }
        let ids = (diffIDs ?? layers.map { Digest.sha256($0) }).map { "\"sha256:\($0)\"" }.joined(
            separator: ",")
        let configuration =
            #"{"config":{"Entrypoint":["/a"],"Cmd":["b"]},"rootfs":{"type":"layers","diff_ids":[\#(ids)]}}"#
        let config = put(Array(configuration.utf8), "config")
        let blobs = layers.map { put($0, $0.starts(with: Archive.gzipMagic) ? "layer+gzip" : "layer") }
            .joined(separator: ",")
        let manifest = put(Array(#"{"config":\#(config),"layers":[\#(blobs)]}"#.utf8), "manifest")
        files["index.json"] = Array(#"{"manifests":[\#(manifest)]}"#.utf8)
        return files
    }

    private func flaw(_ files: [String: [UInt8]]) -> ImageLayout.Flaw? {
        do throws(ImageLayout.Flaw) {
            _ = try ImageLayout(files, most: most)
            return nil
        } catch { return error }
    }

    @Test("Layers are put on top of one another, with the whiteouts of image layers")
    func layersAreStacked() throws {
        let image = try ImageLayout(
            layout([
                layer([
                    ("d/", "5", ""), ("d/x", "0", "1"), ("d/y", "0", "1"), ("e/z", "0", "1"), ("f", "0", "1"),
                ]),
                layer([
                    ("d/.wh.x", "0", ""), ("e/.wh..wh..opq", "0", ""), ("e/new", "0", "2"), ("f/g", "0", "2"),
                ]),
            ]), most: most)
        #expect(image.command == ["/a", "b"])
        var wanted = FileSnapshot()
        wanted.nodes = [
            "d": .directory, "d/y": .file([0x31]), "e": .directory, "e/new": .file([0x32]), "f": .directory,
            "f/g": .file([0x32]),
        ]
        #expect(try image.tree() == wanted)
    }

    @Test(
        "A blob of another digest, a missing one, a wrong diff_id or index is a flaw; one of the packed layer is told apart"
    )
    func flaws() throws {
        let plain = layer([("f", "0", "1")])
        #expect(flaw(layout([plain])) == nil)
        #expect(flaw([:]) != nil)
        var changed = layout([plain])
        for (path, bytes) in changed where bytes == plain { changed[path] = bytes + [0] }
        #expect(flaw(changed)?.isPackedDiffID == false)
        #expect(flaw(layout([plain]).filter { $0.value != plain }) != nil)
        #expect(flaw(layout([plain], diffIDs: ["0"]))?.isPackedDiffID == false)
        #expect(flaw(layout([plain], diffIDs: [])) != nil)
        let packed = try Archive.write([("f", [0x31])])
        #expect(flaw(layout([packed]))?.isPackedDiffID == true)
        let unpacked = try Archive.unpacked(packed, most: most)
        #expect(flaw(layout([packed], diffIDs: [Digest.sha256(unpacked)])) == nil)
        var noIndex = layout([plain])
        noIndex["index.json"] = Array("{}".utf8)
        #expect(flaw(noIndex) != nil)
    }

    @Test("A layer that unpacks to more than it may is refused")
    func bombs() throws {
        let packed = try Archive.write([("f", [UInt8](repeating: 0, count: 4 << 20))])
        #expect(flaw(layout([packed])) != nil)
    }

    @Test("Any bytes in a layout are an image or a flaw")
    func anyBytes() {
        var generator = SeededGenerator(seed: 13)
        let files = layout([layer([("d/", "5", ""), ("d/f", "0", "1")])])
        for _ in 0..<300 {
            var damaged = files
            // Under their right names, so that what is in them is read.
            for (path, bytes) in files where !bytes.isEmpty && Bool.random(using: &generator) {
                var bytes = bytes
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
                damaged[path] = nil
                damaged[path.hasPrefix("blobs/") ? "blobs/sha256/\(Digest.sha256(bytes))" : path] = bytes
            }
            if let image = try? ImageLayout(damaged, most: most) { _ = try? image.tree() }
        }
    }
}
