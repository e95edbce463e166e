"""Snakemake with a bar, the step in words and the time left; at the end the table in short.

    sadm run [OPTIONS OF SNAKEMAKE]        (sadm run --cores 2 --configfile studies/real.yaml)

It is `snakemake` with the same options, in the same folder; what Snakemake says goes to logs/run.log.
"""

import csv
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from sadm.commands.study_files import refuse_code
from sadm.commands.watch import watch

TABLE, REPORT = Path("results/table1.csv"), Path("results/report.html")
DICE = "_dice_mean"


def short(rows: Sequence[Mapping[str, str]]) -> str:
    """Dice in percent by row and test set, the best row of a set marked; trivial scores, which need no learning, below a line."""
    sets = [name.removesuffix(DICE) for name in rows[0] if name.endswith(DICE)]
    learnt = [row for row in rows if row["kind"] != "trivial"]
    best = {s: max((float(row[s + DICE]) for row in learnt if row[s + DICE]), default=None) for s in sets}
    wide = max(len(row["row"]) for row in rows)
    lines = [f"{'Dice (%)':{wide}}" + "".join(f"{name:>12}" for name in sets)]
    for kind in (False, True):
        for row in rows:
            if (row["kind"] == "trivial") == kind:
                lines.append(f"{row['row']:{wide}}" + "".join(_cell(row, name, best[name]) for name in sets))
        lines += ["-" * len(lines[0])] if not kind else []
    return "\n".join([*lines, "* best row; below the line: scores that need no learning"])


def _cell(row: Mapping[str, str], name: str, best: float | None) -> str:
    said = row[name + DICE]
    if not said:
        return f"{'-':>12}"
    mark = "*" if float(said) == best and row["kind"] != "trivial" else " "
    return f"{float(said):11.1f}{mark}"


def ending(command: str) -> str:
    """The table in short, where the report is, and what to do next."""
    with open(TABLE, newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    following = {
        f"{command} prep MY_SCANS": "prepares your own T1 scans, with a picture of each",
        f"{command} doctor studies/real.yaml": "what a study of IXI, BraTS and ATLAS needs here",
        f"{command} plan studies/paper.yaml": "what the paper's study would take",
    }
    wide = max(map(len, following))
    steps = [f"  {word:{wide}}  {said}" for word, said in following.items()]
    return "\n".join(["", short(rows), "", f"Report: {REPORT.absolute()}", "Next:", *steps])


def main(arguments: Sequence[str]) -> None:
    """Run Snakemake with ``arguments``; the exit status is its."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(f"usage: sadm run [OPTIONS OF SNAKEMAKE]\n\n{__doc__}")
        sys.exit(0)
    refuse_code(arguments)
    start, call = time.time(), [sys.executable, "-m", "snakemake", *arguments]
    if {"-n", "--dry-run", "--dryrun"} & set(arguments):  # there is nothing to watch, and all is to be read
        sys.exit(subprocess.run(call, check=False).returncode)
    code = watch(call)
    if not code and TABLE.exists() and TABLE.stat().st_mtime >= start - 1:
        print(ending(sys.argv[0]))
    sys.exit(code)
