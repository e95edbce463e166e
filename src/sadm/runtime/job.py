"""What every workflow script begins with: its log file, its thread count, plain errors."""

import ctypes
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

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)


BEGAN = time.monotonic()  # every script imports this module first
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt


def keep_freed_memory() -> None:
    """Let glibc's malloc keep what is freed; elsewhere nothing happens.

    Networks free and take the same blocks at each step: mapping and zeroing them anew takes a tenth of a training step, and
    1.2 of deepbet's 4 CPU seconds.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_MMAP_THRESHOLD, 2**30)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


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
def to_log(path: str, threads: int = 1) -> Iterator[None]:
    """Copy all that Python prints to the log at ``path``; limit numeric libraries to ``threads``.

    A SadmError is printed as its message alone and ends the process with exit code 1; any other error with its traceback.
    The thread variables are set before torch, ants or SimpleITK are imported: their results depend on the count.
    The last line tells what the process used, start included: the figures of ``make plan`` are read off such lines.
    """
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)
    keep_freed_memory()
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
        log = open(path, "w", encoding="utf-8")  # noqa: SIM115
    except OSError as error:
        raise SystemExit(f"OutputError: {not_written(path, error.strerror or str(error))}") from None
    try:
        yield log
    finally:
        with suppress(OSError):
            log.close()
