"""Whether a results folder was copied without its file times, which tell Snakemake what is up to date."""

import os
from pathlib import Path

MARK = ".times"  # in the results folder: a file that tells its own time
ADVICE = (
    "results/ was copied without its file times, so that finished work may look out of date. If nothing else has changed, "
    "add --touch to this command once: it takes the files as they are."
)


def mark(results: Path) -> None:
    """Remember the file times of ``results``, after a run."""
    if results.is_dir():
        path = results / MARK
        path.touch()
        stamp = path.stat().st_mtime_ns
        path.write_text(f"{stamp}\n", encoding="utf-8")
        os.utime(path, ns=(stamp, stamp))


def copied(results: Path) -> bool:
    """Whether ``results`` lies where a copy with new file times put it: its mark has another time than it tells."""
    try:
        path = results / MARK
        return path.read_text(encoding="utf-8").strip() != str(path.stat().st_mtime_ns)
    except OSError:
        return False
