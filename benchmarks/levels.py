"""Tables of what `benchmarks/broken.py` measured: by source, how many scans are unusable or unusual, and how many broken ones are caught.

    python benchmarks/levels.py MEASURED.jsonl [MEASURED.jsonl ...]

Intervals are Wilson's, 95 %. The second table leaves each source out where its kind (heads, or brains given in SRI24 space) has two or
more: the milder limits are set anew by the others, half as far again from their median as their worst scan, and judge the one left out.
"""

import json
import sys
from collections.abc import Iterable
from math import sqrt
from pathlib import Path
from typing import Any

import chain
import numpy as np

from sadm.preprocess.quality import LARGE, SMALL, judge

Line = dict[str, Any]
WHOLE = "as it is"
BEYOND = 1.5  # times the distance of the worst of the other sources from their median


def wilson(hits: int, n: int, z: float = 1.96) -> str:
    """``hits`` of ``n`` in words, with Wilson's interval in percent."""
    if not n:
        return "-"
    share, scale = hits / n, 1 + z * z / n
    middle, half = share + z * z / (2 * n), z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = max(0.0, middle - half)  # rounding takes it below 0, which prints as -0
    return f"{hits} ({100 * low / scale:.0f} to {100 * (middle + half) / scale:.0f} %)"


def level(line: Line, limits: dict[str, Any]) -> str:
    """ "unusable", "unusual" or "" of what was measured, by ``limits``; a step that failed makes a scan unusable."""
    if "overlap" not in line:
        return "unusable"
    found = judge(line, limits, "sri24" if line["given"] else "native")
    return "unusable" if found.unusable else "unusual" if found.unusual else ""


def limits_of(given: bool) -> dict[str, Any]:
    """The paper study's limits."""
    return (chain.How("sri24", True, "none") if given else chain.HEAD).limits


def limits_by(others: list[Line], given: bool) -> dict[str, Any]:
    """The paper study's limits, the milder ones set by the scans ``others``."""
    limits = limits_of(given)
    for name in (*SMALL, *LARGE):
        values = [line[name] for line in others]
        middle, small = float(np.median(values)), name in SMALL
        mild = middle + BEYOND * ((min(values) if small else max(values)) - middle)
        severe = limits[name][0 if small else 1]
        limits[name] = [severe, max(mild, severe)] if small else [min(mild, severe), severe]
    return limits


def row(source: str, lines: list[Line], limits: dict[str, Any]) -> str:
    """A line of the table."""
    whole, broken = (
        [line for line in lines if (line["kind"] == WHOLE) == wanted] for wanted in (True, False)
    )
    levels = [level(line, limits) for line in whole]
    caught = sum(bool(level(line, limits)) for line in broken)
    counts = (wilson(levels.count(name), len(whole)) for name in ("unusable", "unusual"))
    return " | ".join(
        ("", source, str(len(whole)), *counts, str(len(broken)), wilson(caught, len(broken)), "")
    ).strip()


def unique(lines: Iterable[Line]) -> list[Line]:
    """The last of each scan and kind."""
    return list({(line["source"], line["scan"], line["kind"]): line for line in lines}.values())


def main(files: list[str]) -> None:
    """Print both tables, and what was missed."""
    lines = unique(json.loads(line) for file in files for line in Path(file).read_text().splitlines())
    for title, own_limits in (("limits as they are", False), ("its source left out", True)):
        print(f"\n{title}\n| source | n | unusable | unusual | broken | caught |\n|---|---|---|---|---|---|")
        for given in (False, True):
            kind = [line for line in lines if line["given"] == given]
            for source in dict.fromkeys(line["source"] for line in kind):
                own = [line for line in kind if line["source"] == source]
                others = [line for line in kind if line["source"] != source and line["kind"] == WHOLE]
                if others or not own_limits:
                    print(row(source, own, limits_by(others, given) if own_limits else limits_of(given)))
    missed = [line for line in lines if line["kind"] != WHOLE and not level(line, limits_of(line["given"]))]
    print(
        "\nmissed:",
        "; ".join(f"{line['source']} {line['scan']}: {line['kind']}" for line in missed) or "none",
    )


if __name__ == "__main__":
    main(sys.argv[1:])
