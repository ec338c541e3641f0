import ArgumentParser

@main struct Lab: ParsableCommand {
    mutating func run() {}
}
