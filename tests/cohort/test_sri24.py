"""Scans that only a default puts into SRI24's space: another grid is told, a grid of MNI is a problem."""

import pytest

from sadm.cohort import sri24
from sadm.cohort.examine import Finding
from sadm.data.base import Scan


def found(*shape: int) -> Finding:
    return Finding(Scan("set", "p", "", "p.nii"), shape=shape)


@pytest.mark.parametrize(("space", "count"), [("", 1), ("sri24", 0), ("native", 0)])
def test_a_grid_of_mni_asks_for_the_space(space: str, count: int) -> None:
    each = [found(182, 218, 182), found(240, 240, 155)]
    sri24.problems("brats", {"space": space}, each)
    assert [len(one.problems) for one in each] == [count, 0]
    assert all("options.space" in problem.fix for problem in each[0].problems)
    notes = sri24.notes("brats", {"space": space}, each)
    assert len(notes) == (space != "native")
    assert all("1 of 2 scans" in note and "182 x 218 x 182" in note for note in notes)


@pytest.mark.parametrize(("importer", "options", "space"), [
    ("brats", {"space": ""}, "sri24"), ("brats", {"space": "native"}, "native"), ("folder", {"space": "sri24"}, "sri24"),
    ("bids", {}, "native"), ("table", {"space": "native"}, "native"), ("demo", {"kind": "tumour"}, "sri24"),
])  # fmt: skip
def test_the_space_that_scans_are_taken_to_lie_in(importer: str, options: dict, space: str) -> None:
    assert sri24.space(importer, options) == space


def test_the_demo_s_own_grid_is_no_news() -> None:
    assert sri24.notes("demo", {"kind": "tumour"}, [found(60, 60, 39)]) == []
