"""Progress lines with the time left, for logs."""

import sys
import time
from collections.abc import Callable

SECONDS = 5.0  # shortest time between two lines


class Progress:
    """Prints "step 120/1400, loss ..., 2 min 5 s left" to stderr, at most every few seconds, and at the end."""

    def __init__(self, total: int, done: int = 0) -> None:
        self.total, self.first = total, done
        self.start = self.said = time.monotonic()

    def __call__(self, done: int, text: Callable[[], str]) -> None:
        """Report that ``done`` of the total are done; ``text`` is only called when a line is printed."""
        now = time.monotonic()
        if now - self.said < SECONDS and done < self.total:
            return
        self.said = now
        left = round((now - self.start) / max(done - self.first, 1) * (self.total - done))
        print(
            f"step {done}/{self.total}, {text()}, {left // 60} min {left % 60} s left",
            file=sys.stderr,
            flush=True,
        )
