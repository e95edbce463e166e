"""Table 1 of several demo cohorts side by side: what of it is the method's, and what is a cohort's chance.

    python benchmarks/cohorts.py RUN [RUN ...]      markdown: best Dice of each row in each run, and paired differences (docs/demo.md)

Each RUN is a folder in which the demo finished with a ``seed`` of its own, so that heads, splits and trainings are all others.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from sadm.runtime.files import read_table

Line = dict[str, str]


def lines(runs: Sequence[Path], table: str) -> list[list[Line]]:
    """The lines of a table of statistics that are about best Dice, by run."""
    found = [read_table(run / "results/statistics" / f"{table}.tsv") for run in runs]
    return [[line for line in each if line["metric"] == "dice"] for each in found]


def row(cells: Sequence[str]) -> str:
    """A line of a markdown table."""
    return "| " + " | ".join(cells) + " |"


def levels(runs: Sequence[Path]) -> list[str]:
    """Mean of each row on each test set over the runs, and each run's; the best method of a column in bold."""
    found = lines(runs, "summary")
    sets = list(dict.fromkeys(line["testset"] for line in found[0]))
    rows = list(dict.fromkeys((line["row"], line["kind"]) for line in found[0]))
    dice = [{(line["row"], line["testset"]): 100 * float(line["mean"]) for line in each} for each in found]
    best = {
        name: max(
            (r for r, kind in rows if kind == "method"), key=lambda r: fmean(run[r, name] for run in dice)
        )
        for name in sets
    }
    out = [row(["row", *sets]), row(["---", *["---:"] * len(sets)])]
    for name, _ in rows:
        cells = []
        for each in sets:
            values = [run[name, each] for run in dice]
            mark = "**" if best[each] == name else ""
            cells.append(f"{mark}{fmean(values):.1f}{mark} ({', '.join(f'{v:.1f}' for v in values)})")
        out.append(row([name, *cells]))
    return out


def against(claim: Line) -> tuple[str, str, str]:
    """What a claim compares: row, with what, and on which test set."""
    rival = "best trivial score" if claim["claim"] == "trivial" else claim["against"]
    return claim["row"], rival, claim["testset"]


def differences(runs: Sequence[Path]) -> list[str]:
    """Paired differences with their 95 % intervals, in points: the paper's claims, and rows above the best trivial score in a run."""
    found = [{against(claim): claim for claim in each} for each in lines(runs, "claims")]
    out = [row(["row", "against", "test set", *(run.name for run in runs)]), row(["---"] * (3 + len(runs)))]
    for key, first in found[0].items():
        claims = [each[key] for each in found]
        if first["claim"] == "trivial" and all(float(claim["ci_low"] or 0) <= 0 for claim in claims):
            continue
        out.append(row([*key, *map(interval, claims)]))
    return out


def interval(claim: Line) -> str:
    """A difference and its interval."""
    middle, low, high = (100 * float(claim[key] or "nan") for key in ("difference", "ci_low", "ci_high"))
    return f"{middle:+.1f} [{low:.1f}, {high:.1f}]"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", metavar="RUN", nargs="+", type=Path)
    given = parser.parse_args()
    print("\n".join([*levels(given.runs), "", *differences(given.runs)]))


if __name__ == "__main__":
    main()
