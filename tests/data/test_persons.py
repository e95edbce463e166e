"""Subjects whose names begin alike."""

import pytest

from sadm.data.persons import alike, told


def pairs(text: str, persons: int = 3) -> list[str]:
    """Subjects by a pattern: "{}_baseline {}_followup" for each of some persons."""
    return [each.format(n) for n in range(1, persons + 1) for each in text.split()]


@pytest.mark.parametrize(
    "text",
    ["p{}_baseline p{}_followup", "p{0} p{0}_followup", "p{}_v1 p{}_v2", "s{}-2019 s{}-2021", "00{}a 00{}b", "OAS1_000{}_MR1 OAS1_000{}_MR2",
     "p{}/ses1/T1 p{}/ses2/T1", "p{}/T1_pre p{}/T1_post", "00{}_S_20101213 00{}_S_20120102", "BraTS-GLI-0000{}-000 BraTS-GLI-0000{}-001",
     "0{}baseline 0{}followup", "Mü{}_tp1 Mü{}_tp2", "p{}.visit1 p{}.visit2"],
)  # fmt: skip
def test_sessions_listed_as_subjects_are_seen(text: str) -> None:
    names = pairs(text)
    found = alike([*names, "other", "x77"])
    assert sorted(name for group in found.values() for name in group) == sorted(names)
    assert len(found) == 3


@pytest.mark.parametrize(
    "names",
    [[f"sub_{n:03}" for n in range(30)], [f"IXI{n:03}" for n in range(30)], [f"r00{a}s{b:03}" for a in range(5) for b in range(30)],
     [f"BraTS2021_{n:05}" for n in range(30)], ["A-01", "A_02", "A+03"], [f"site{a}_{b:02}" for a in range(3) for b in range(20)], ["p1/T1", "p2/T1"],
     [f"healthy{n:03}" for n in range(9)], ["control_1", "patient_1", "control_2", "patient_2"]],
    ids=lambda names: names[0],
)  # fmt: skip
def test_subjects_are_not_taken_for_sessions(names: list[str]) -> None:
    assert alike(names) == {}


def test_the_note_names_some_and_what_to_do() -> None:
    groups = alike(pairs("p{}_baseline p{}_followup", 8))
    said = told(groups, "*_*")
    assert "16 subjects may be 8 persons" in said
    assert "p1_baseline, p1_followup" in said
    assert "and 5 more" in said
    assert "options.t1: '*_*'" in said
    assert "options" not in told(groups, "")
