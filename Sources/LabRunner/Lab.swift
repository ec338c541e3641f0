import ArgumentParser
import Glibc
import LabCore

/// The program `lab`.
@main
struct Lab: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Measures what really differs between a virtual machine and a container.",
        discussion: """
            EXAMPLES
              lab doctor                     what this machine can run, and what helps
              lab doctor --lang zh           the same in Chinese, as is every other text
              lab run startup-latency        measure, and write a report below results/
              lab run startup-latency --engine process,container --samples 500
              lab run all --quick            every lab, then the document's table, filled in
              lab report results/*/result.json --format csv
              lab report --table results/*/result.json
              lab compare baseline new       what changed; exit 1 on a regression
              lab run startup-latency --repeat 5 --output new
                                             five runs for one side of it
              lab explain startup-latency --engine qemu
              lab new mine && lab run ./mine a lab of your own
              lab image pull localhost:5000/debian:12
              lab exercise list              what to build; lab grade --help for instructors

            EXIT CODES
              0    done
              1    an engine yielded no sample, a check failed, something could not
                   be removed, or a comparison shows a regression
              64   a word on the command line is wrong: a lab, engine, option, unit
              65   a lab definition or a result file is malformed, or two results
                   are unlike and can't be compared
              66   a file can't be read
              69   this machine can't do it: no engine works, no libvirt, no kernel
              70   a bug of lab's
              73   something could not be written
              74   standard output failed on the way: a full disk, or it is closed
              77   the kernel refused for want of privilege
              130  stopped by a signal; what was measured has been written
              141  nobody reads standard output any more

            ENVIRONMENT
              LAB_HOME   keep the cache and the crash journals below this directory
                         instead of the XDG base directories
              LAB_LABS   read the lab definitions from this directory
              LAB_EXERCISES  read the exercises from this directory
              LAB_GUEST  the lab-guest program to run inside
              LAB_LANG   as --lang, where that does not say; else the locale decides
            """,
        version: "lab \(Version.current)",
        subcommands: [
            DoctorCommand.self, ListCommand.self, RunCommand.self, NewCommand.self, ReportCommand.self,
            CompareCommand.self, ExplainCommand.self, ImageCommand.self, ExerciseCommand.self,
            GradeCommand.self, CleanCommand.self, VersionCommand.self,
        ])

    /// Before the command it says the same as behind it.
    @OptionGroup var speech: LanguageOptions

    /// Ends as ArgumentParser's own `exit(withError:)` does, but lets nothing out of what the user typed that would act on
    /// a terminal: a word may be the name of a file, which somebody else has chosen.
    private static func finish(_ error: any Error) -> Never {
        let words = fullMessage(for: error)
        let code = exitCode(for: error)
        if code.isSuccess {
            do throws(LabError) {
                if !words.isEmpty { try Terminal.answer(words) }
            } catch {
                fail(error, .english)
            }
        } else if !words.isEmpty {
            Terminal.say(words)
        }
        Glibc.exit(code.rawValue)
    }

    private static func fail(_ error: LabError, _ text: Language) -> Never {
        // Who reads no further knows that.
        if error.kind != .unread { Terminal.complain(error, in: text) }
        Glibc.exit(error.exitCode)
    }

    static func main() {
        ProgramStart.prepare()
        Terminal.checkOutputAtExit()
        var text = Language.ofLocale(Process.environment)
        do {
            var command = try parseAsRoot()
            if let speaking = command as? any SpeakingCommand { text = try speaking.speech.choice() }
            try command.run()
        } catch let error as LabError {
            fail(error, text)
        } catch {
            finish(error)
        }
    }
}
