"""The sentences of the first screen, each made of the numbers."""

from typing import Any

import pytest
from small_study import LAYOUT

from sadm.report import opening
from sadm.report.material import Material
from sadm.study.layout import Layout

SHOWN = Layout(**LAYOUT)


def lines(**means: float) -> dict[str, dict[str, str]]:
    """Lines of table1.csv whose means are those, on both test sets by both measures."""
    names = [f"{t}_{m}_mean" for t in SHOWN.testsets for m in ("dice", "auprc")]
    return {row: dict.fromkeys(names, str(mean)) for row, mean in means.items()}


def claim(row: str, against: str, difference: float, kind: str = "trivial", **said: Any) -> dict[str, str]:
    known = {"testset": "les", "metric": "dice", "claim": kind, "row": row, "against": against, "p_holm": "1"}
    return {**known, "difference": str(difference), "ci_low": str(difference - 0.1)} | said


def test_five_sentences_of_a_study(given: Material) -> None:
    told = opening.sentences(
        given.tables, given.excluded, given.kept, given.sheets, given.layout, given.config, given.told
    )
    assert len(told) == 5
    assert "on Les <b> SADM-LES (Dice 60.0 %; AUPRC 60.0 %)" in told[0]
    assert "Les <b> 0 of 2 (random, 30.0 %)" in told[1]
    assert "1 of 1 are upheld" in told[1]
    assert "2 of 4 scans failed a check and were left out: IXI s9 (the brain is <small>)" in told[2]
    assert "60.0 instead of 60.0 %" in told[3]
    assert "4 mm (the paper's: 2)" in told[4]
    assert "settings" in told[4]


def test_a_difference_holds_only_where_its_interval_is_above_zero() -> None:
    table = lines(cDDPM=20, **{"SADM-LES": 60}, random=30)
    said = opening.leading(table, [claim("SADM-LES", "random", 0.3)], SHOWN)
    assert "SADM-LES (Dice 60.0 %, +30.0: holds" in said
    said = opening.leading(table, [claim("SADM-LES", "random", 0.05)], SHOWN)
    assert "+5.0: does not hold" in said


def test_what_goes_against_expectation_is_said_and_nothing_else() -> None:
    bad = opening.surprises(
        lines(cDDPM=20, **{"SADM-LES": 10}, random=30), [claim("SADM-LES", "cDDPM", -0.1, "paper")], SHOWN
    )
    assert "cDDPM (20.0 % Dice) is below random (30.0 %), which learns nothing" in bad[0]
    assert "cDDPM (20.0 %), SADM-LES (10.0 %) are below random (30.0 %): nothing was learnt" in bad[0]
    assert "SADM-LES is below cDDPM by 10.0 points: the paper claims the opposite" in bad[0]
    good = opening.surprises(
        lines(cDDPM=40, **{"SADM-LES": 60}, random=30), [claim("SADM-LES", "cDDPM", 0.2, "paper")], SHOWN
    )
    assert good == []


def test_no_failed_scan_and_a_study_of_the_papers_size(given: Material) -> None:
    assert opening.failed([], [], [{}] * 7, SHOWN).startswith("No scan failed a check (7 scans)")
    assert "left out" in opening.failed([{"dataset": "ixi", "scan": "a", "reasons": "r"}], [], [{}], SHOWN)
    odd = [{"unusual": "small"}, {"unusual": ""}]
    assert "1 unusual one was kept, no subject" in opening.failed([], odd, [{}] * 7, SHOWN)
    said = opening.size([], given.config, {"protocol": "paper", "trained": {}}, SHOWN)
    assert said == "Size: the study has the paper's size (protocol: paper)."


@pytest.mark.parametrize("missing", ["claims", "summary"])
def test_a_study_without_statistics_has_its_sentences(given: Material, missing: str) -> None:
    tables = {name: file for name, file in given.tables.items() if name != missing}
    assert all(
        opening.sentences(tables, given.excluded, given.kept, given.sheets, SHOWN, given.config, given.told)
    )
