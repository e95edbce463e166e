"""The log of a workflow script: all that it prints, plain errors, and what it used."""

import os
import resource
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import TextIO

from sadm.runtime.errors import SadmError
from sadm.runtime.files import not_written

BEGAN = time.monotonic()  # every script imports this module first


class _Tee:
    """Writes to the log file and to the stream that it replaces."""

    def __init__(self, *streams: TextIO) -> None:
        self.streams = streams

    def write(self, text: str) -> int:
        for stream in self.streams:
            with suppress(OSError):  # a full disk: the other stream still tells
                stream.write(text)
                stream.flush()
        return len(text)

    def flush(self) -> None:
        for stream in self.streams:
            with suppress(OSError):
                stream.flush()

    def isatty(self) -> bool:
        return False


@contextmanager
def to_log(path: str) -> Iterator[None]:
    """Copy all that Python prints to the log at ``path``.

    A SadmError is printed as its message alone and ends the process with exit code 1; any other error with its traceback.
    The last line tells what the process used, start included: the figures of ``make plan`` are read off such lines.
    """
    with _log(path) as log, redirect_stdout(_Tee(log)), redirect_stderr(_Tee(log, sys.stderr)):
        try:
            yield
        except SadmError as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            raise SystemExit(1) from None
        except Exception:
            traceback.print_exc()
            raise SystemExit(1) from None
        finally:
            print(_used())


def _used() -> str:
    """CPU seconds of this process and its ended children, peak memory, and seconds since the job began."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    peak = max(own.ru_maxrss, children.ru_maxrss) / (2**20 if sys.platform == "darwin" else 2**10)
    return f"used {cpu:.1f} CPU s, {peak:.0f} MB, {time.monotonic() - BEGAN:.1f} s"


@contextmanager
def _log(path: str) -> Iterator[TextIO]:
    """The log at ``path``, opened anew; what a full disk does not take of it is lost, and no job with it."""
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        log = _anew(path)
    except OSError as error:
        raise SystemExit(f"OutputError: {not_written(path, error.strerror or str(error))}") from None
    try:
        yield log
    finally:
        with suppress(OSError):
            log.close()


def _anew(path: str) -> TextIO:
    """The file ``path``, which is new: were it a link, what it leads to would be overwritten.

    Texts that UTF-8 does not have, such as names of files in another coding, are escaped.
    """
    if os.path.islink(path) or os.path.isfile(path):
        os.unlink(path)
    place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    return open(place, "w", encoding="utf-8", errors="backslashreplace")
