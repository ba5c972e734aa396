import Figures
import Synchronization

/// Progress of long work on standard error: a line that changes in a terminal, quarters elsewhere.
final class ProgressLine: Sendable {
    private let what: String
    private let isQuiet: Bool
    private let start = ContinuousClock.now
    private let shown = Mutex(Shown())

    private struct Shown {
        var drawn: ContinuousClock.Instant?
        var quarter = 0
        /// How much was done at the first call, by an earlier run.
        var before: Int?
    }

    init(_ what: String, isQuiet: Bool) {
        self.what = what
        self.isQuiet = isQuiet
    }

    /// Shows how much is done; at most ten times a second.
    func update(_ done: Int, of total: Int) {
        guard !isQuiet, total > 0 else { return }
        shown.withLock { shown in
            let now = ContinuousClock.now
            let before = shown.before ?? done
            shown.before = before
            if Terminal.hasLine {
                // Short work needs no line at all.
                if now - start < .milliseconds(500) { return }
                if let drawn = shown.drawn, now - drawn < .milliseconds(100), done < total {
                    return
                }
                shown.drawn = now
                Terminal.writeToError(
                    "\r\u{1b}[2K" + (done < total ? line(done, before, total, now) : ""))
            } else {
                // Short work needs no lines in a log.
                let quarter = 4 * done / total
                guard quarter > shown.quarter, now - start > .seconds(2) else { return }
                shown.quarter = quarter
                Terminal.note(line(done, before, total, now))
            }
        }
    }

    /// Says something about the work, on a line of its own.
    func note(_ text: String) {
        guard !isQuiet else { return }
        // Over the line that changes, which comes back below.
        if Terminal.hasLine { Terminal.writeToError("\r\u{1b}[2K") }
        Terminal.note("\(what): \(text)")
    }

    private func line(_ done: Int, _ before: Int, _ total: Int, _ now: ContinuousClock.Instant)
        -> String
    {
        let seconds = (now - start) / .seconds(1)
        let rate = seconds > 0 ? Double(done - before) / seconds : 0
        let left = rate > 0 ? Double(total - done) / rate : 0
        return "\(what): \(done) of \(total), \(NumberText.fixed(rate, decimals: 1)) a second, "
            + "\(NumberText.fixed(left, decimals: 0)) s left"
    }
}
