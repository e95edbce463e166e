"""Stored maps: what goes in comes out, scan by scan, and nothing that does not fit."""

from pathlib import Path

import numpy as np
import pytest

from sadm.cohort.packed import Packed
from sadm.prediction import maps
from sadm.prediction.maps import as_volume, read_maps, write_maps
from sadm.runtime.errors import DataError


@pytest.fixture
def packed() -> Packed:
    draw = np.random.default_rng(0)
    shape = (4, 3, 6, 5)
    brain = (draw.random(shape) < 0.5).astype(np.uint8)
    return Packed(draw.random(shape).astype(np.float16), brain, brain, ["a", "b", "c", "d"])


def test_round_trip(packed: Packed, tmp_path: Path):
    scans, volumes = np.array([0, 2, 3]), np.random.default_rng(1).random((3, 3, 6, 5)).astype(np.float32)
    write_maps(iter(volumes), packed, scans, tmp_path / "map.npy")
    stored = np.load(tmp_path / "map.npy")
    assert stored.dtype == np.float16
    assert stored.shape == (np.count_nonzero(packed.brain[scans]),)
    for values, volume, i in zip(read_maps(tmp_path / "map.npy", packed, scans), volumes, scans, strict=True):
        expected = np.where(packed.brain[i] > 0, volume.astype(np.float16), 0)
        np.testing.assert_array_equal(as_volume(values, packed.brain[i]), expected)


def test_a_map_of_other_scans_is_an_error(packed: Packed, tmp_path: Path):
    write_maps(packed.t1[:2], packed, np.array([0, 1]), tmp_path / "map.npy")
    with pytest.raises(DataError, match="does not fit its test set"):
        read_maps(tmp_path / "map.npy", packed, np.array([0, 1, 2]))


def test_one_map_a_scan(packed: Packed, tmp_path: Path):
    with pytest.raises(ValueError, match="zip"):
        write_maps(packed.t1[:1], packed, np.array([0, 1]), tmp_path / "map.npy")
    assert not list(tmp_path.iterdir())


def test_tested_scans_are_those_of_the_fold_or_all(packed: Packed, tmp_path: Path):
    (tmp_path / "splits.tsv").write_text(
        "scan\tsubject\tfold\tset\nd\td\t0\ttest\nb\tb\t0\ttest\na\ta\t0\ttrain\nc\tc\t1\ttest\n"
    )
    assert list(maps.tested(packed, tmp_path / "splits.tsv", 0)) == [1, 3]
    assert list(maps.tested(packed, None, 0)) == [0, 1, 2, 3]
