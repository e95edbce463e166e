"""Marks beside the numbers of Table 1. They rest on claims that were fixed beforehand, nothing else.

†   above cDDPM, and ‡ above Unet_res of the same training set, by Wilcoxon's test corrected by Holm (p < .05)
▽   not shown to be above the best trivial score: the interval of the paired difference reaches 0 or less
"""

from collections.abc import Iterable, Mapping

from sadm.statistics.claims import LEVEL, PAPER, TRIVIAL

ABOVE = {"cDDPM": "†", "Unet_res": "‡"}
NOT_ABOVE = "▽"
Line = Mapping[str, str]  # of claims.tsv


def number(text: str) -> float:
    """A cell as a number; NaN if it is empty."""
    return float(text) if text else float("nan")


def marks(claims: Iterable[Line], testset: str, metric: str) -> dict[str, str]:
    """The marks of each row that has any, on a test set and measure; ``claims``: lines of claims.tsv."""
    found: dict[str, str] = {}
    for line in claims:
        if (line["testset"], line["metric"]) == (testset, metric):
            found[line["row"]] = found.get(line["row"], "") + _mark(line)
    return {row: text for row, text in found.items() if text}


def _mark(line: Line) -> str:
    if line["claim"] == TRIVIAL:
        return NOT_ABOVE if number(line["ci_low"]) <= 0 else ""
    known = number(line["p_holm"]) < LEVEL and number(line["difference"]) > 0
    return (
        next((mark for name, mark in ABOVE.items() if line["against"].startswith(name)), "") if known else ""
    )


def least_notes(claims: Iterable[Line], titles: Mapping[str, str]) -> list[str]:
    """A sentence a test set: the smallest corrected p that its number of subjects can give, and what follows."""
    found: dict[str, Line] = {}
    for line in claims:
        if line["claim"] == PAPER and line["metric"] == "dice":
            found.setdefault(line["testset"], line)
    notes = []
    for testset, line in found.items():
        least = number(line["p_least"])
        fate = "no test can reject, so † and ‡ cannot appear" if least >= LEVEL else "† and ‡ can appear"
        notes.append(
            f"{titles[testset]}: {line['family']} claims on {line['subjects']} subjects, smallest p that Holm's correction can give "
            f"{least:.2g}: {fate}."
        )
    return notes
