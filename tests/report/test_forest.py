"""The forest plot: what is filled, where the line stands, how far the axis goes."""

from pathlib import Path

from small_study import LAYOUT, text

from sadm.report.forest import forests
from sadm.study.layout import Layout

SUMMARY = "testset\trow\tmetric\tmean\tci_low\tci_high\n" + "".join(
    f"les\t{row}\tdice\t{line}\n"
    for row, line in (("cDDPM", "0.2\t0.1\t0.3"), ("SADM-LES", "0.6\t0.5\t0.72"), ("random", "0.3\t\t"))
)
CLAIMS = [
    {"testset": "les", "metric": "dice", "claim": "trivial", "row": row, "ci_low": low, "difference": "0.1"}
    for row, low in (("cDDPM", "-0.1"), ("SADM-LES", "0.2"))
]


def test_a_row_is_filled_where_its_difference_to_the_best_trivial_score_holds(tmp_path: Path) -> None:
    (made,) = forests(text(tmp_path / "s.tsv", SUMMARY), CLAIMS, Layout(**LAYOUT))
    (panel,) = made.panels
    assert [(mark.name, mark.css) for mark in panel.marks] == [
        ("cDDPM", "not"),
        ("SADM-LES", "above"),
        ("random", "trivial"),
    ]
    assert (panel.floor, panel.floor_name) == (30.0, "random")
    assert panel.marks[1].hint == "SADM-LES: 60.0 % [50.0, 72.0]"
    assert panel.marks[2].low is None
    assert (made.top, list(made.ticks)) == (80, [0, 20, 40, 60, 80])
    assert "Les <b> 1 of 2" in made.see


def test_without_any_claims_nothing_is_filled(tmp_path: Path) -> None:
    (made,) = forests(text(tmp_path / "s.tsv", SUMMARY), [], Layout(**LAYOUT))
    assert {mark.css for mark in made.panels[0].marks} == {"not", "trivial"}
