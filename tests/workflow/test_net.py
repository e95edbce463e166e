"""Covers all rules: the smallest study gives what it gave before, to the byte where the kind of machine is stored.

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


def test_files_and_numbers_are_those_stored(results: Path) -> None:
    kind, numbers = net.STORED / f"{net.kind()}.json", json.loads(net.NUMBERS.read_text())
    if not kind.exists():
        assert net.differing(net.numbers(results), numbers, net.ELSEWHERE) == []
        pytest.skip(
            f"no run on this kind of machine is stored: {kind.name}; numbers were compared, not bytes"
        )
    expected, found = json.loads(kind.read_text()), net.hashes(results)
    beyond = net.differing(net.numbers(results), numbers, net.HERE)
    assert sorted(found) == sorted(expected)
    assert [name for name in found if found[name] != expected[name]] == [], f"beyond 1e-5: {beyond}"
    assert beyond == []


def test_a_difference_above_the_tolerance_is_seen() -> None:
    stored = {"table1.csv": {"dice": [0.5, 12.0]}, "maps/a": {"scan": [3.0, 0.25]}}
    near = {"table1.csv": {"dice": [0.500004, 12.00005]}, "maps/a": {"scan": [3.0, 0.25]}}
    assert net.differing(near, stored, net.HERE) == []
    for table in ({"dice": [0.50003, 12.0]}, {"dice": [0.5]}, {"auprc": [0.5, 12.0]}):
        assert net.differing(near | {"table1.csv": table}, stored, net.HERE) == ["table1.csv"]
    assert net.differing({"table1.csv": near["table1.csv"]}, stored, net.HERE) == ["maps/a"]
    assert net.differing({"scores/a": {"dice": [0.1]}}, {"scores/a": {"dice": [0.9]}}, net.ELSEWHERE) == []
