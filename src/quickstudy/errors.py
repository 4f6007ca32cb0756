"""Every error that quickstudy raises on purpose, as one tree.

    QuickstudyError                 code, message, what to do next
    ├── InputError                  the caller's input is wrong (also a ValueError)
    │   ├── SituationError          a situation that cannot be perceived
    │   ├── OptionError             an unknown, double or retired option
    │   ├── LessonError             a lesson that cannot be taken
    │   │   └── UnknownDecisionError    a lesson for a decision this journal does not hold
    │   ├── JobError                a job that makes no sense, or its TOML file
    │   └── TableError              a CSV or JSONL file that cannot be read as work
    ├── JournalError                the journal's file or database
    │   ├── JournalLockedError      another process writes it
    │   ├── JournalUnreachableError its database server does not answer
    │   ├── JournalMismatchError    it belongs to another job or encoder
    │   ├── JournalVersionError     it was written by a newer quickstudy
    │   └── JournalCorruptError     it is truncated, or no journal at all
    ├── EncoderError                an encoder that cannot run, or returned wrong vectors
    ├── ServerError                 a server that was asked, by quickstudy.Client
    │   ├── UnreachableError            no connection, or it was lost before the answer came
    │   ├── AccessError                 no token, a wrong or expired one, or one that may not do this
    │   └── BusyError                   it takes no more for now
    └── MissingExtraError           an optional dependency is not installed (also an ImportError)

An error says what happened, to which input, and what to do next. ``code`` is stable: scripts may rely on it.
The command line prints the message without a traceback and exits with 2 for :class:`InputError` and 1 otherwise.
"""

from __future__ import annotations


class QuickstudyError(Exception):
    """Base of all errors of this library.

    Attributes:
        code: a stable, machine-readable name such as ``"unknown-option"``.
        message: what happened, and to which input.
        next_step: what to do about it; may be empty.
    """

    code = "error"

    def __init__(self, message: str, *, next_step: str = "", code: str | None = None) -> None:
        self.message = message
        self.next_step = next_step
        if code is not None:
            self.code = code
        super().__init__(f"{message} {next_step}".strip())


class InputError(QuickstudyError, ValueError):
    """The caller's input is wrong."""

    code = "bad-input"


class SituationError(InputError):
    """A situation that cannot be perceived."""

    code = "bad-situation"


class OptionError(InputError):
    """An unknown, double or retired option."""

    code = "bad-option"


class LessonError(InputError):
    """A lesson that cannot be taken."""

    code = "bad-lesson"


class UnknownDecisionError(LessonError):
    """A lesson for a decision that this journal does not hold."""

    code = "unknown-decision"


class JobError(InputError):
    """A job that makes no sense, or its TOML file."""

    code = "bad-job"


class TableError(InputError):
    """A CSV or JSONL file that cannot be read as work."""

    code = "bad-table"


class JournalError(QuickstudyError):
    """The journal's file or database cannot be used."""

    code = "journal"


class JournalLockedError(JournalError):
    """Another process has the journal open for writing."""

    code = "journal-locked"


class JournalUnreachableError(JournalError):
    """The journal's database server does not answer, or the connection to it was lost."""

    code = "journal-unreachable"


class JournalMismatchError(JournalError):
    """The journal belongs to another job or another encoder."""

    code = "journal-mismatch"


class JournalVersionError(JournalError):
    """The journal was written by a newer version of quickstudy."""

    code = "journal-newer"


class JournalCorruptError(JournalError):
    """The journal is truncated, damaged, or no journal at all."""

    code = "journal-corrupt"


class EncoderError(QuickstudyError):
    """An encoder cannot run, or returned wrong vectors."""

    code = "encoder"


class ServerError(QuickstudyError):
    """A server failed, or answered something that is not understood."""

    code = "server"


class UnreachableError(ServerError):
    """A server cannot be reached, or the connection was lost before its answer came."""

    code = "unreachable"


class AccessError(ServerError):
    """A server refuses the token: none, a wrong or expired one, or one that may not do this."""

    code = "no-access"


class BusyError(ServerError):
    """A server takes no more for now: too many requests, or it is starting or stopping."""

    code = "busy"


class MissingExtraError(QuickstudyError, ImportError):
    """An optional dependency is not installed."""

    code = "missing-extra"

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"This needs the package {package!r}, which is not installed.",
            next_step=f'Install it with: pip install "quickstudy[{extra}]"',
        )
