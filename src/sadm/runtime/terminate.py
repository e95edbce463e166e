"""SIGTERM, which a cluster sends some time before it kills a job, noticed at a moment of our own choice."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

TERMINATED = 128 + signal.SIGTERM  # exit code of a process that SIGTERM ended


@contextmanager
def deferred_sigterm() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether SIGTERM has come since; meanwhile it ends nothing. Main thread only."""
    came = False

    def note(signum: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def orderly_sigterm() -> Iterator[None]:
    """Meanwhile SIGTERM raises SystemExit(143), so that what is open is cleaned up, where it would end the process at once.

    Nothing changes where SIGTERM is already caught or ignored, or outside the main thread.
    """
    plain = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    ours = plain and threading.current_thread() is threading.main_thread()
    if ours:
        signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(signum: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(TERMINATED)
