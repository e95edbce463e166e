"""Named errors: what went wrong, in which file, why, and what to do about it."""

from pathlib import Path


class SadmError(Exception):
    """An error a user can act on.

    ``what`` is one sentence; ``file`` the file concerned; ``cause`` what was found; ``fix`` what to do.
    """

    def __init__(self, what: str, *, file: str | Path | None = None, cause: str = "", fix: str = "") -> None:
        self.what, self.file, self.cause, self.fix = what, file, cause, fix
        lines = [what]
        lines += [f"  file:  {file}"] if file is not None else []
        lines += [f"  cause: {cause}"] if cause else []
        lines += [f"  fix:   {fix}"] if fix else []
        super().__init__("\n".join(lines))


class ConfigError(SadmError):
    """The config names something that does not exist, or a value that is not possible."""


class DataError(SadmError):
    """An input file is missing, unreadable or not what it should be."""


class SplitError(SadmError):
    """A split cannot be made, or lets a subject or an image occur on two sides."""


class MissingWeightsError(SadmError):
    """Weights that cannot be shipped or fetched are absent; the message says where they go."""


class ProcessingError(SadmError):
    """A step ran, and its result is not usable."""


class OutputError(SadmError):
    """A result cannot be written: the disk is full, or the place is read-only."""


class CodeError(SadmError):
    """A job would run other code than it was planned with."""
