"""The jobs that a dry run plans, by rule, and how many of them a cluster gets."""

import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sadm.study.loader import ROOT

Jobs = Counter[str]  # by rule


def jobs_left(files: Sequence[str | Path]) -> Jobs:
    """Jobs by rule that a dry run in the current folder plans; chunks that are stripped count as "deepbet" and "hdbet"."""
    call = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules"]
    call += ["--snakefile", str(ROOT / "Snakefile"), "--workflow-profile", str(ROOT / "profiles/default")]
    call += ["--configfile", *map(str, files)] if files else []
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
    table = re.search(r"job +count\n[- ]+\n(.*?)\ntotal", done.stdout + done.stderr, re.DOTALL)
    found: Jobs = Counter()
    for rule, count in re.findall(r"^(\w+) +(\d+)$", table[1] if table else "", re.MULTILINE):
        found[re.sub(r"^(deepbet|hdbet)_.*_\d+$", r"\1", rule)] += int(count)
    del found["all"]
    return found


def largest_mb(jobs: Jobs) -> int:
    """MB of memory that the most demanding of ``jobs`` asks for at first, as the rule files have it; 0 where there are no jobs."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    asked = dict[str, int]()
    for block in re.split(r"^ *rule\b", text, flags=re.MULTILINE)[1:]:
        name, said = re.match(r" *(\w*):", block), re.search(r"mem_mb=grown\(([^()]*)\)", block)
        if name and said:  # that without a name is of the chunks
            asked[name[1]] = max(map(int, re.findall(r"\d+", said[1])))
    return max((asked.get(rule, asked.get("", 0)) for rule, count in jobs.items() if count), default=0)


def submissions(jobs: Jobs, profile: Mapping[str, Any]) -> int:
    """Jobs of a cluster: those in no group of ``profile``, and for each group its scans by its number of components."""
    groups: dict[str, int] = {}
    named = {rule: rule for rule in jobs if rule in profile["group-components"]}  # by the rule itself
    grouped = named | profile["groups"]
    for rule, group in grouped.items():
        groups[group] = max(groups.get(group, 0), jobs[rule])
    alone = sum(count for rule, count in jobs.items() if rule not in grouped)
    return alone + sum(math.ceil(n / profile["group-components"][group]) for group, n in groups.items())
