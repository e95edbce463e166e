<<<<<<< HEAD
"""Seeds have a number in the data and a tag in paths: one leads to the other."""

from sadm.study.runs import seed_number, tag


def test_the_number_of_a_seed_is_read_back_from_its_tag() -> None:
    assert [seed_number(tag(number)) for number in (1, 2, 12)] == [1, 2, 12]
=======
"""Runs, and the names that their seeds give to folders."""

import pytest

from sadm.study.runs import number, runs, tag, tags, training_seed


def test_a_tag_tells_its_number() -> None:
    assert tags(3) == ["", "_seed2", "_seed3"]
    assert [number(tag(each)) for each in range(1, 12)] == list(range(1, 12))


@pytest.mark.parametrize("seed", [0, 3141])
def test_the_first_seed_is_the_studys_and_the_others_differ(seed: int) -> None:
    drawn = [training_seed(seed, tagged) for tagged in tags(4)]
    assert drawn[0] == seed
    assert len(set(drawn)) == 4


def test_what_learns_nothing_has_one_run_a_fold() -> None:
    found = runs(["A"], ["random"], 2, 2)
    assert found == [("A", 0, 1), ("A", 0, 2), ("A", 1, 1), ("A", 1, 2), ("random", 0, 1), ("random", 1, 1)]
>>>>>>> h3
