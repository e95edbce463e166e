"""What the jobs took, read off the last line of each job's own log (`sadm.runtime.job`)."""

import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sadm.report.blocks import Block, Body, Cell, Column, Facts, Table

USED = re.compile(r"used ([\d.]+) CPU s, (\d+) MB, ([\d.]+) s")
TAIL = 200  # bytes at the end of a log that hold its last line


class Used(NamedTuple):
    """CPU seconds, peak memory in MB, and seconds of a job."""

    cpu: float
    memory: float
    seconds: float


def jobs(folder: str | Path) -> dict[str, list[Used]]:
    """What each job of a rule used, the last run of each. ``folder``: that of the logs; a rule has a folder of its own in it.

    A log that does not end in such a line, of a job that runs or was killed, is left out.
    """
    found = defaultdict(list)
    for file in sorted(Path(folder).rglob("*.log")):
        if said := USED.search(_end(file)):
            found[file.relative_to(folder).parts[0]].append(Used(*map(float, said.groups())))
    return dict(found)


def _end(file: Path) -> str:
    with open(file, "rb") as stream:
        stream.seek(-min(TAIL, file.stat().st_size), 2)
        return stream.read().decode(errors="replace").rstrip().rpartition("\n")[2]


def run_times(folder: str | Path) -> list[Block]:
    """Jobs, wall time, CPU time and peak memory of each rule, the longest first; nothing where there are no logs."""
    rules = jobs(folder)
    sums = {rule: sum(job.seconds for job in each) for rule, each in rules.items()}
    total = sum(sums.values())
    rows = [_row(rule, rules[rule], total) for rule in sorted(rules, key=lambda rule: -sums[rule])]
    columns = [Column("Rule"), Column("jobs", numeric=True)]
    columns += [
        Column(title, "s", True) for title in ("all jobs", "median job", "longest job", "CPU, all jobs")
    ]
    columns.append(Column("most memory", "MB", True))
    facts = [("All jobs together", f"{total / 3600:.2f} h"), ("Jobs", f"{sum(map(len, rules.values())):,}")]
    if not rows:
        return []
    return [Facts(facts), Table("Wall time by rule, last run of each job", columns, [Body(rows)])]


def _row(rule: str, each: list[Used], total: float) -> list[Cell]:
    seconds = [job.seconds for job in each]
    cpu, memory = sum(job.cpu for job in each), max(job.memory for job in each)
    return [
        Cell(rule, css="name"),
        Cell(f"{len(each):,}", len(each)),
        Cell(f"{sum(seconds):,.1f}", sum(seconds), share=sum(seconds) / total if total else 0),
        Cell(f"{np.median(seconds):.1f}", float(np.median(seconds))),
        Cell(f"{max(seconds):.1f}", max(seconds)),
        Cell(f"{cpu:,.1f}", cpu),
        Cell(f"{memory:,.0f}", memory),
    ]
