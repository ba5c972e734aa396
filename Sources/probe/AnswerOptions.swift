import ArgumentParser
import Interventions

/// The answer that is measured, and the one it is compared with.
struct AnswerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The right answer, one token. (default: \" she\")", valueName: "text"))
    var answer: String?

    @Option(
        name: .customLong("wrong"),
        help: ArgumentHelp("The wrong answer, one token. (default: \" he\")", valueName: "text"))
    var wrongAnswer: String?

    @Option(help: ArgumentHelp("A token id instead of --answer.", valueName: "id"))
    var answerId: Int?

    @Option(help: ArgumentHelp("A token id instead of --wrong.", valueName: "id"))
    var wrongId: Int?

    func validate() throws {
        for (text, id, name) in [(answer, answerId, "answer"), (wrongAnswer, wrongId, "wrong")]
        where text != nil && id != nil {
            throw ValidationError("--\(name) is given as text and as an id; give one of them")
        }
    }

    /// The right answer, if one was given.
    var right: TokenReference? { answerId.map { .id($0) } ?? answer.map { .text($0) } }

    /// The wrong answer, if one was given.
    var wrong: TokenReference? { wrongId.map { .id($0) } ?? wrongAnswer.map { .text($0) } }
}
