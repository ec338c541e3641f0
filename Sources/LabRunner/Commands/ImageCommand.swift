import ArgumentParser
import Images
import LabCore
import OCI

/// `lab image`: the images that commands are run in.
struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Build, import, pull, look into and remove images.",
        discussion: """
            Images are kept by their digests below the cache, in an OCI image layout
            that skopeo, podman and umoci read as it is: oci:CACHE/images:NAME.
            Layers are unpacked once and shared. An image is named by its name, its
            name without `:latest`, or the first digits of its digest. Only pull, build
            with packages or `network: true`, and push to a registry use the network.

            EXAMPLES
              lab image pull localhost:5000/debian:12
              lab image build redis.yaml
              lab image import oci:DIR:NAME
              lab image import docker-archive:redis.tar --name redis
              lab image import ./rootfs --name mine
              lab image ls
              lab image inspect mine
              lab image diff debian:12 mine
              lab image rm mine
            """,
        subcommands: [
            BuildImage.self, ImportImage.self, PullImage.self, PushImage.self, ListImages.self,
            InspectImage.self,
            ImageHistory.self, DiffImages.self, RemoveImages.self, CollectImages.self,
        ])
}

/// What the commands on images have in common.
protocol ImageSubcommand: SpeakingCommand {
    func run(_ store: ImageStore, _ text: Language) throws
}

extension ImageSubcommand {
    func run() throws {
        let text = try speech.choice()
        let interrupt = try Interrupt()
        try interrupt.catchSignals()
        try run(try ImageStore(paths: try LabPaths.own(environment: Process.environment)), text)
    }
}

/// An image in one line.
struct ImageLine: Encodable {
    let name: String
    let digest: String
    /// Bytes of its layers' blobs.
    let size: UInt64
    let layers: Int
    let created: String?
    let architecture: String

    init(_ image: ImageStore.Image) {
        name = image.name
        digest = image.descriptor.digest.description
        size = image.manifest.layers.reduce(0) { $0 + UInt64(clamping: $1.size) }
        layers = image.manifest.layers.count
        created = image.configuration.created
        architecture = "\(image.configuration.os)/\(image.configuration.architecture)"
    }

    /// Answers with an image that was just made. That it took its name from another one is said, as by docker load.
    static func answer(made image: ImageStore.Image, json: Bool, _ text: Language) throws(LabError) {
        if let old = image.replaced {
            Terminal.say(
                text.say(
                    "\(image.name) replaces \(old.description); `lab image gc` removes what only that had"))
        }
        try ImageLine(image).answer(json: json)
    }

    func answer(json: Bool) throws(LabError) {
        if json { try Terminal.answer(json: self) } else { try Terminal.answer("\(digest)  \(name)") }
    }
}

/// `lab image import`.
struct ImportImage: ImageSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import an image layout, an archive of docker's or podman's, or a directory.",
        discussion: """
            Each blob is checked against its digest and size. A directory becomes one
            layer, in the order of its names: the same directory gives the same digest.
            SOURCE_DATE_EPOCH, in seconds since 1970, is the latest time that a file of
            it may have. An archive, also oci-archive:FILE, is converted by skopeo. A name
            that another image has becomes the new one's, and that is said.

            EXAMPLES
              lab image import oci:layout:debian
              lab image import docker-archive:redis.tar
              lab image import ./rootfs --name mine
            """)

    @Argument(help: ArgumentHelp("The image.", valueName: "oci:DIR[:NAME]|docker-archive:FILE|DIRECTORY"))
    var source: String
    @Option(help: ArgumentHelp("Its name here; that of the source by default.", valueName: "NAME"))
    var name: String?
    @Flag(help: "Print the image as JSON.")
    var json = false
    @OptionGroup var speech: LanguageOptions

    func run(_ store: ImageStore, _ text: Language) throws {
        let image = try store.add(try ImageSource(source), as: name, latest: try SourceDate.epoch())
        try ImageLine.answer(made: image, json: json, text)
    }
}

/// `lab image pull`.
struct PullImage: ImageSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Pull an image from a registry, by skopeo.",
        discussion: """
            skopeo's authentication (skopeo login), mirrors and policy hold here too.

            EXAMPLES
              lab image pull localhost:5000/debian:12
              lab image pull localhost:5000/mine --tls-verify false --name mine
            """)

    @Argument(help: ArgumentHelp("The image, as skopeo takes it.", valueName: "REF"))
    var reference: String
    @Option(help: ArgumentHelp("Its name here; REF by default.", valueName: "NAME"))
    var name: String?
    @Option(help: "Whether the registry must have a certificate.")
    var tlsVerify = true
    @Flag(help: "Print the image as JSON.")
    var json = false
    @OptionGroup var speech: LanguageOptions

    func run(_ store: ImageStore, _ text: Language) throws {
        let image = try store.pull(reference, as: name, tlsVerify: tlsVerify)
        try ImageLine.answer(made: image, json: json, text)
    }
}

/// `lab image push`.
struct PushImage: ImageSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Push an image to a registry or another place of skopeo's.",
        discussion: """
            EXAMPLES
              lab image push mine registry.example/me/mine:1
              lab image push mine docker-archive:mine.tar
              lab image push mine oci:layout:mine
            """)

    @Argument(help: ArgumentHelp("The image.", valueName: "NAME"))
    var image: String
    @Argument(help: ArgumentHelp("Where to, as skopeo takes it.", valueName: "REF"))
    var reference: String
    @Option(help: "Whether the registry must have a certificate.")
    var tlsVerify = true
    @Flag(help: "Print the image as JSON.")
    var json = false
    @OptionGroup var speech: LanguageOptions

    func run(_ store: ImageStore, _ text: Language) throws {
        try store.push(image, to: reference, tlsVerify: tlsVerify)
        try ImageLine(try store.image(image)).answer(json: json)
    }
}

/// `lab image rm`.
struct RemoveImages: ImageSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove images, and what only they had.",
        discussion: """
            Exits with 1 when an image is not there. Layers that a run uses stay until
            the next rm or gc.

            EXAMPLES
              lab image rm mine debian:12
              lab image rm --force mine      no matter whether it is there
            """)

    @Argument(help: ArgumentHelp("The images.", valueName: "NAME"))
    var images: [String]
    @Flag(help: "An image that is not there is no error.")
    var force = false
    @Flag(help: "Print what was removed as JSON.")
    var json = false
    @OptionGroup var speech: LanguageOptions

    func run(_ store: ImageStore, _ text: Language) throws {
        var isMissing = false
        var isFound = false
        for image in images {
            do throws(LabError) {
                try store.remove(name: image)
                isFound = true
            } catch {
                guard error.kind == .input else { throw error }
                if force { continue }
                Terminal.complain(error, in: text)
                isMissing = true
            }
        }
        if isFound || force { try CollectImages.answer(try store.collect(), json: json, text) }
        if isMissing { throw ExitCode.failure }
    }
}

/// `lab image gc`.
struct CollectImages: ImageSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Remove blobs, layers and disks of VMs that no image has.",
        discussion: """
            A disk is made of the files of a command when a VM starts one, of an image
            or of a directory, and can be made again. What a run uses stays.

            EXAMPLES
              lab image gc
              lab image gc --json
            """)

    @Flag(help: "Print what was removed as JSON.")
    var json = false
    @OptionGroup var speech: LanguageOptions

    func run(_ store: ImageStore, _ text: Language) throws {
        try Self.answer(try store.collect(), json: json, text)
    }

    static func answer(_ collected: ImageStore.Collected, json: Bool, _ text: Language) throws(LabError) {
        if json { return try Terminal.answer(json: collected) }
        try Terminal.answer(
            text.say(
                "removed \(collected.blobs) blobs (\(Units.format(bytes: collected.bytes))), \(collected.layers) unpacked layers and \(collected.disks) disks of VMs (\(Units.format(bytes: collected.diskBytes)))"
            ))
        if collected.busy > 0 {
            Terminal.say(
                text.say("\(collected.busy) layers and disks are in use and stay until the next time"))
        }
    }
}
