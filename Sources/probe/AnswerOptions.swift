import ArgumentParser
import Interventions

/// The answer that is measured.
struct RightAnswerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The right answer, one token, such as \" she\".", valueName: "text"))
    var answer: String?

    @Option(help: ArgumentHelp("A token id instead of --answer.", valueName: "id"))
    var answerId: Int?

    func validate() throws {
        if answer != nil && answerId != nil {
            throw ValidationError("--answer is given as text and as an id; give one of them")
        }
    }

    /// The answer, if one was given.
    var reference: TokenReference? { answerId.map { .id($0) } ?? answer.map { .text($0) } }
}

/// The answer that is measured, and the one it is compared with.
struct AnswerOptions: ParsableArguments {
    @OptionGroup var rightAnswer: RightAnswerOptions

    @Option(
        name: .customLong("wrong"),
        help: ArgumentHelp("The wrong answer, one token, such as \" he\".", valueName: "text"))
    var wrongAnswer: String?

    @Option(help: ArgumentHelp("A token id instead of --wrong.", valueName: "id"))
    var wrongId: Int?

    func validate() throws {
        if wrongAnswer != nil && wrongId != nil {
            throw ValidationError("--wrong is given as text and as an id; give one of them")
        }
    }

    /// The right answer, if one was given.
    var right: TokenReference? { rightAnswer.reference }

    /// The wrong answer, if one was given.
    var wrong: TokenReference? { wrongId.map { .id($0) } ?? wrongAnswer.map { .text($0) } }
}
