"""Chunks keep what they hold when a name comes or goes."""

import pytest

from sadm.study.chunks import LONGEST, chunks

NAMES = [f"sub-IXI{number:03d}" for number in range(600)]


@pytest.mark.parametrize("size", [1, 2, 40])
def test_chunks_hold_all_names_in_their_order_and_are_of_the_size_on_average(size: int) -> None:
    found = chunks(NAMES, size)
    assert [name for chunk in found for name in chunk] == NAMES
    assert max(map(len, found)) <= LONGEST * size
    assert len(NAMES) / size / 2 <= len(found) <= 2 * len(NAMES) / size


def test_one_name_less_changes_few_chunks() -> None:
    whole = {tuple(chunk) for chunk in chunks(NAMES, 40)}
    changed = []
    for place in range(0, len(NAMES), 7):
        fewer = {tuple(chunk) for chunk in chunks(NAMES[:place] + NAMES[place + 1 :], 40)}
        changed.append(len(fewer - whole))
    assert max(changed) <= 3
    assert sum(changed) / len(changed) < 1.5, "as a rule, the chunk of the name itself"


def test_nothing_in_no_chunk() -> None:
    assert chunks([], 40) == []
