import Dispatch
import Glibc
import Tensors

/// What happens on Ctrl-C and on a polite kill.
enum Interrupt {
    /// Only kept alive; nothing reads them after the start.
    private nonisolated(unsafe) static let sources = [SIGINT, SIGTERM].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
            AtomicFile.discardUncommitted()
            _exit(128 + number)
        }
        return source
    }

    /// Ends the program with the usual exit code, with no temporary files left.
    static func removeTemporariesWhenInterrupted() {
        for source in sources { source.resume() }
    }
}
