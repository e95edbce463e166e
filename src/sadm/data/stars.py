"""Patterns of paths with stars, matched in time that grows with pattern times path: no pattern makes the planning hang.

``*`` stands for a part of a name, ``**`` also for folders; each for one sign at least, and for as many as can be, the first star first.
Standard library alone.
"""

import re
from collections.abc import Sequence

STARS = re.compile(r"(\*\*|\*)")
MOST = 32  # stars of a pattern


class Pattern:
    """A pattern of paths, such as "*/anat/**_T1w"."""

    def __init__(self, text: str) -> None:
        parts = STARS.split(text)
        self.texts: Sequence[str] = parts[::2]  # before, between and behind the stars
        self.stars: Sequence[str] = parts[1::2]

    def stand_for(self, path: str) -> tuple[str, ...] | None:
        """What each star stands for in ``path``; None if it does not fit."""
        first, last = self.texts[0], self.texts[-1]
        if not self.stars:
            return () if path == first else None
        if not path.startswith(first) or not path.endswith(last):
            return None
        fits = self._ends(path)
        found, begin = list[str](), len(first)
        for star, text, ends in zip(self.stars, self.texts[1:], fits, strict=True):
            stop = self._stop(path, star, begin)
            end = next((end for end in range(stop, begin, -1) if ends[end]), None)
            if end is None:
                return None
            found.append(path[begin:end])
            begin = end + len(text)
        return tuple(found)

    @staticmethod
    def _stop(path: str, star: str, begin: int) -> int:
        """How far a star that begins at ``begin`` can reach."""
        slash = path.find("/", begin) if star == "*" else -1
        return len(path) if slash < 0 else slash

    def _ends(self, path: str) -> list[list[bool]]:
        """Of each star, whether it can end at each place of ``path`` so that what is behind it fits."""
        length = len(path)
        behind = [False] * (length + 1)
        if path.endswith(self.texts[-1]):
            behind[length - len(self.texts[-1])] = True
        found = [behind]
        for star, text in zip(self.stars[:0:-1], self.texts[-2:0:-1], strict=True):
            starts = self._starts(path, star, found[0])
            found.insert(
                0, [path.startswith(text, end) and starts[end + len(text)] for end in range(length + 1)]
            )
        return found

    @staticmethod
    def _starts(path: str, star: str, ends: Sequence[bool]) -> list[bool]:
        """Whether a ``star`` can begin at each place of ``path``, as it can end where ``ends`` says."""
        found, reached = [False] * (len(path) + 2), False
        for place in range(len(path) - 1, -1, -1):
            reached = reached or ends[place + 1]
            if star == "*" and path[place] == "/":
                reached = False
            found[place] = reached
        return found
