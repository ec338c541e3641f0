import ArgumentParser
import ContainerDriver
import Images
import LabCore
import LabFile

/// `lab image build`.
struct BuildImage: ImageSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Make an image by its recipe: packages of the distribution, files, commands.",
        discussion: """
            RECIPE is a YAML file, or a directory with an image.yaml:

              packages: [redis-server]
              files: [{from: my.conf, to: /etc/redis/my.conf, mode: 0644}]
              run: ["redis-server --version >/etc/redis/version"]
              environment: [LANG=C.UTF-8]
              user: redis
              directory: /var/lib/redis
              command: [redis-server, --save, "", --port, "6379"]

            packages, put together by mmdebstrap with what every system has, come from
            this machine's package sources, of its release or that of `suite`. files lie
            in the recipe's directory. Each line of run is one of /bin/sh inside, which
            has no network unless `network: true` is said. The same input gives the same digest: no file is later than
            SOURCE_DATE_EPOCH, in seconds since 1970, and logs, caches and this machine's
            names are left out. What a package's own scripts invent, such as a key, a
            command of the recipe has to take out.

            EXAMPLES
              lab image build redis.yaml
              lab image build ./redis --name redis:7
              lab run startup-latency --image redis --ready 'line=Ready to accept'
            """)

    @Argument(help: ArgumentHelp("The recipe.", valueName: "RECIPE"))
    var recipe: String
    @Option(help: ArgumentHelp("The image's name; that of the recipe by default.", valueName: "NAME"))
    var name: String?
    @Flag(help: "Print the image as JSON.")
    var json = false
    @OptionGroup var speech: LanguageOptions

    /// The longest that one command inside may take.
    private static let patience = Duration.seconds(3_600)

    func run(_ store: ImageStore, _ text: Language) throws {
        let epoch = try SourceDate.epoch() ?? SystemRecipe.epoch
        let (recipe, file) = try RecipeFile.load(path: self.recipe)
        let network = recipe.network
        let names = file.split(separator: "/", omittingEmptySubsequences: false)
        let build = ImageBuild(
            recipe, in: names.count > 1 ? names.dropLast().joined(separator: "/") + "/" : ".", epoch: epoch,
            run: { (command) throws(LabError) in
                try BuildContainer.run(
                    command, network: network, deadline: .now().advanced(by: Self.patience))
            }, say: { Terminal.say(text.say($0)) })
        let image = try store.build(build, as: name ?? Self.name(of: self.recipe))
        try ImageLine.answer(made: image, json: json, text)
    }

    /// `redis` of `redis.yaml`, and of a directory `redis`.
    private static func name(of path: String) -> String {
        let base = path.split(separator: "/").last.map(String.init) ?? ""
        return [".yaml", ".yml"].first(where: base.hasSuffix).map { String(base.dropLast($0.count)) } ?? base
    }
}

/// The variable SOURCE_DATE_EPOCH: the last time that what is made may have.
enum SourceDate {
    /// Seconds since 1970; nil when it isn't set.
    static func epoch() throws(LabError) -> Int? {
        guard let epoch = Process.environment["SOURCE_DATE_EPOCH"], !epoch.isEmpty else { return nil }
        return try Words.count(epoch, option: "SOURCE_DATE_EPOCH", in: 0...0xffff_ffff)
    }
}
