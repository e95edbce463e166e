"""Names dealt into chunks that stay as they are when one name comes or goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

LONGEST = 2  # times the mean size


@dataclass(frozen=True)
class Chunk:
    """Scans of a data set that one job strips: chunk ``number`` (from 0) of it, ``t1s`` {scan: T1}.

    ``method``: "deepbet" or "hd-bet"; ``compared``: its masks are used for nothing but a comparison with HD-BET's.
    """

    dataset: str
    number: int
    method: str
    t1s: dict[str, str]
    compared: bool = False

    @property
    def rule(self) -> str:
        """The name of its rule."""
        return f"{self.method.replace('-', '')}_{self.dataset}_{self.number}"


def chunks(names: Iterable[str], size: int) -> list[list[str]]:
    """``names`` in their order in chunks of ``size`` on average, at most ``LONGEST`` times that.

    A chunk begins at a name by this name's own checksum, so that one name more or less changes one chunk, or where chunks
    grew to the longest, those up to the next beginning.
    """
    found: list[list[str]] = []
    for name in names:
        if not found or crc32(name.encode()) % size == 0 or len(found[-1]) == LONGEST * size:
            found.append([])
        found[-1].append(name)
    return found
