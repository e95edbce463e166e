"""Runs, and the names that their seeds give to folders."""

import pytest

from sadm.study.runs import runs, seed_number, tag, tags, training_seed


def test_a_tag_tells_its_number() -> None:
    assert tags(3) == ["", "_seed2", "_seed3"]
    assert [seed_number(tag(each)) for each in range(1, 12)] == list(range(1, 12))


@pytest.mark.parametrize("seed", [0, 3141])
def test_the_first_seed_is_the_studys_and_the_others_differ(seed: int) -> None:
    drawn = [training_seed(seed, tagged) for tagged in tags(4)]
    assert drawn[0] == seed
    assert len(set(drawn)) == 4


def test_what_learns_nothing_has_one_run_a_fold() -> None:
    found = runs(["A"], ["random"], 2, 2)
    assert found == [("A", 0, 1), ("A", 0, 2), ("A", 1, 1), ("A", 1, 2), ("random", 0, 1), ("random", 1, 1)]
