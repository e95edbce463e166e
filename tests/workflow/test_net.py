"""Covers all rules: the smallest study gives what it gave before, to the byte where a kind of machine is stored, else to 1e-5.

tests/workflow/net.py says what is stored and renews it.
"""

import json
from pathlib import Path

import net
import pytest


@pytest.fixture(scope="module")
def results(ran) -> Path:  # type: ignore[no-untyped-def]
    """Results of the smallest study."""
    return ran.folder / "results"


def test_files_are_those_stored_for_this_kind_of_machine(results: Path) -> None:
    stored = net.STORED / f"{net.kind()}.json"
    if not stored.exists():
        pytest.skip(f"no run of this kind of machine is stored: {stored.name}")
    expected, found = json.loads(stored.read_text()), net.hashes(results)
    assert sorted(found) == sorted(expected)
    assert [name for name in found if found[name] != expected[name]] == []


def test_numbers_are_those_stored(results: Path) -> None:
    assert net.differing(net.numbers(results), json.loads(net.NUMBERS.read_text())) == []


def test_a_difference_above_the_tolerance_is_seen() -> None:
    stored = {"table": {"dice": [0.5, 12.0]}, "map": {"scan": [3.0, 0.25]}}
    near = {"table": {"dice": [0.500004, 12.00005]}, "map": {"scan": [3.0, 0.25]}}
    assert net.differing(near, stored) == []
    for table in ({"dice": [0.50003, 12.0]}, {"dice": [0.5]}, {"auprc": [0.5, 12.0]}):
        assert net.differing(near | {"table": table}, stored) == ["table"]
    assert net.differing({"table": near["table"]}, stored) == ["map"]
