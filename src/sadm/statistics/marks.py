"""Marks beside the numbers of Table 1. They rest on claims that were fixed beforehand, nothing else.

†   above cDDPM, and ‡ above Unet_res of the same training set, by Wilcoxon's test corrected by Holm (p < .05)
▽   not shown to be above the best trivial score: the interval of the paired difference reaches 0 or less
"""

from collections.abc import Iterable, Mapping
from math import isnan

from sadm.runtime.errors import DataError
from sadm.statistics.claims import LEVEL, PAPER, TRIVIAL

ABOVE = {"cDDPM": "†", "Unet_res": "‡"}
NOT_ABOVE = "▽"
Line = Mapping[str, str]  # of claims.tsv


def number(text: str) -> float:
    """A cell as a number; NaN if it is empty. Raises DataError for text."""
    try:
        return float(text) if text else float("nan")
    except ValueError:
        fix = "delete the folder results/statistics, and results/table1.csv, and run again"
        raise DataError("A statistic is no number.", cause=repr(text), fix=fix) from None


def marks(claims: Iterable[Line], testset: str, metric: str) -> dict[str, str]:
    """The marks of each row that has any, on a test set and measure; ``claims``: lines of claims.tsv."""
    found: dict[str, str] = {}
    for line in claims:
        if (line["testset"], line["metric"]) == (testset, metric):
            found[line["row"]] = found.get(line["row"], "") + _mark(line)
    return {row: text for row, text in found.items() if text}


def holds(line: Line) -> bool:
    """Whether a claim is shown: against a trivial score by the interval of the difference, else by the corrected test."""
    if line["claim"] == TRIVIAL:
        return number(line["ci_low"]) > 0
    return number(line["p_holm"]) < LEVEL and number(line["difference"]) > 0


def _mark(line: Line) -> str:
    if line["claim"] == TRIVIAL:
        return "" if holds(line) or isnan(number(line["difference"])) else NOT_ABOVE
    names = (mark for name, mark in ABOVE.items() if line["against"].startswith(name))
    return next(names, "") if holds(line) else ""


def least_note(claims: Iterable[Line], titles: Mapping[str, str]) -> str:
    """The smallest corrected p of the paper's claims that each test set's number of subjects can give; "" without such claims."""
    found = {
        line["testset"]: (line["family"], number(line["p_least"]))
        for line in claims
        if line["claim"] == PAPER and line["metric"] == "dice"
    }
    sets = ", ".join(
        f"{titles[testset]} {least:.2g}" + ("" if least < LEVEL else " (no mark is possible)")
        for testset, (_, least) in found.items()
    )
    family = next((family for family, _ in found.values()), "")
    return (
        f"Smallest p that Holm's correction of {family} claims can give with these subjects: {sets}."
        if sets
        else ""
    )
