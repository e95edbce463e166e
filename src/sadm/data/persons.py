"""Subjects whose names begin alike: one person's sessions, listed as subjects, land on two sides of a split. Standard library."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from sadm.data.tree import escaped

BREAK = re.compile(r"[\W_]+|(?<=\d)(?=[^\W\d_])")  # between two parts of a name
# What tells a session: a word, perhaps with a number; a letter with a number; a year or a date.
SESSION = re.compile(
    r"(base(line)?|bl|fu|follow|followup|pre|post|tp|visit|ses|sess|session|scan|wave|month|months|mo|year|yr|day|week|wk|"
    r"time|timepoint|mr|rescan|retest|repeat|initial|screening|before|after|preop|postop)\d*|[tvwmyd]\d{1,2}|(19|20)\d\d(\d{4})?",
    re.IGNORECASE,
)
MOST = 24  # sessions of a person
FEW = 12  # kinds of endings that stand for sessions without a word that says so
SHOWN = 3  # persons that a note names


def alike(subjects: Iterable[str]) -> dict[str, list[str]]:
    """The ``subjects`` that may be one person, by what their names begin with; sorted.

    They are if what follows tells a session ("p1_baseline", "p1_followup"), or if the same few endings follow more beginnings
    ("007a", "007b", "008a", "008b").
    """
    names, endings = set(subjects), dict[str, dict[str, str]]()
    for name in sorted(names):
        for sign in BREAK.finditer(name):
            begin, end = name[: sign.start()], name[sign.end() :]
            if begin and end:
                endings.setdefault(begin, {})[end] = name
    for begin in endings.keys() & names:
        endings[begin][""] = begin
    groups = {begin: found for begin, found in endings.items() if 1 < len(found) <= MOST}
    repeated = _repeated(groups)
    chosen: dict[str, list[str]] = {}
    taken = set[str]()
    for begin, found in sorted(groups.items(), key=lambda item: (len(item[0]), item[0])):
        sessions = all(not end or _session(end, len(groups)) for end in found)
        if (sessions or begin in repeated) and not taken & set(found.values()):
            chosen[begin] = sorted(found.values())
            taken |= set(found.values())
    return chosen


def _session(end: str, persons: int) -> bool:
    first = BREAK.split(end)[0]
    sure = len(first) > 3 or not first[-1:].isdecimal()
    return bool(SESSION.fullmatch(first)) and (sure or persons > 1)


def _repeated(groups: Mapping[str, Mapping[str, str]]) -> set[str]:
    """The beginnings that share their few endings with more others than there are endings."""
    depths = defaultdict(list)
    for begin in groups:
        depths[len(BREAK.findall(begin))].append(begin)
    found = set[str]()
    for begins in depths.values():
        ends = {end for begin in begins for end in groups[begin]}
        if len(ends) < len(begins) and len(ends) <= FEW:
            found |= set(begins)
    return found


def told(groups: Mapping[str, list[str]], pattern: str) -> str:
    """The note on ``groups`` of subjects, of `alike`; ``pattern``: the value of options.t1 that joins them, "" if none does."""
    some = "; ".join(escaped(names) for _, names in sorted(groups.items())[:SHOWN])
    more = f"; and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
    fix = f"set options.t1: {pattern!r}" if pattern else "give their files one subject and a session each"
    count = sum(map(len, groups.values()))
    return f"{count} subjects may be {len(groups)} persons, as their names begin alike: {some}{more}. If so, {fix}: sessions of a person must not be on two sides of a split"
