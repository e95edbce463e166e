"""Names dealt into chunks that stay as they are when one name comes or goes."""

from collections.abc import Iterable
from zlib import crc32

LONGEST = 2  # times the mean size


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
