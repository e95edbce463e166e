"""Stored maps and reconstructions: what goes in comes out, scan by scan, and nothing that does not fit."""

from pathlib import Path

import numpy as np
import pytest

from sadm.cohort.packed import Packed
from sadm.prediction.maps import (
    Origin,
    as_volume,
    by_origin,
    file_of,
    origin,
    read_maps,
    read_reconstructions,
    write_maps,
    write_reconstructions,
)  # fmt: skip
from sadm.runtime.errors import DataError
from sadm.runtime.tensors import open_tensors, write_tensors

OF = Origin("unet-les", 1, 2, "les", "val")


@pytest.fixture
def packed() -> Packed:
    draw = np.random.default_rng(0)
    shape = (4, 3, 6, 5)
    brain = (draw.random(shape) < 0.5).astype(np.uint8)
    return Packed(draw.random(shape).astype(np.float16), brain, brain, ["a", "b", "c", "d"])


def named(packed: Packed, scans: np.ndarray, volumes: np.ndarray) -> list[tuple[str, np.ndarray]]:
    return [(packed.scans[i], volume) for i, volume in zip(scans, volumes, strict=True)]


def test_round_trip(packed: Packed, tmp_path: Path):
    scans, volumes = np.array([0, 2, 3]), np.random.default_rng(1).random((3, 3, 6, 5)).astype(np.float32)
    write_maps(named(packed, scans, volumes), packed, scans, OF, tmp_path / "map")
    assert {
        name: tensor.dtype for name, tensor in open_tensors(tmp_path / "map")[1].items()
    } == dict.fromkeys("acd", np.float16)
    for values, volume, i in zip(read_maps(tmp_path / "map", packed, scans), volumes, scans, strict=True):
        expected = np.where(packed.brain[i] > 0, volume.astype(np.float16), 0)
        np.testing.assert_array_equal(as_volume(values, packed.brain[i]), expected)


def test_maps_are_found_by_name_whatever_the_order_of_the_packed_volumes(packed: Packed, tmp_path: Path):
    scans = np.array([0, 2])
    write_maps(named(packed, scans, packed.t1[scans]), packed, scans, OF, tmp_path / "map")
    back = Packed(packed.t1[::-1], packed.brain[::-1], packed.lesion[::-1], packed.scans[::-1])
    for values, i in zip(read_maps(tmp_path / "map", back, np.array([3, 1])), scans, strict=True):
        np.testing.assert_array_equal(values, packed.t1[i][packed.brain[i] > 0])


@pytest.mark.parametrize("scans", [[0, 1, 2], [0], [0, 3]])
def test_a_map_of_other_scans_is_an_error(packed: Packed, tmp_path: Path, scans: list[int]):
    write_maps(named(packed, np.arange(2), packed.t1[:2]), packed, np.arange(2), OF, tmp_path / "map")
    with pytest.raises(DataError, match="does not fit its test set"):
        read_maps(tmp_path / "map", packed, np.array(scans))


def test_a_map_at_the_voxels_of_another_mask_is_an_error(packed: Packed, tmp_path: Path):
    scans = np.array([0])
    write_maps(named(packed, scans, packed.t1[:1]), packed, scans, OF, tmp_path / "map")
    packed.brain[0] = 1
    with pytest.raises(DataError, match=r"a has shape .* its brain mask 90 voxels"):
        read_maps(tmp_path / "map", packed, scans)


@pytest.mark.parametrize("given", [[0], [1, 0], [0, 1, 1]])
def test_one_map_a_scan(packed: Packed, tmp_path: Path, given: list[int]):
    volumes = [(packed.scans[i], packed.t1[i]) for i in given]
    with pytest.raises(ValueError, match=r"zip|came for"):
        write_maps(volumes, packed, np.array([0, 1]), OF, tmp_path / "map")
    assert not list(tmp_path.iterdir())


def test_a_file_tells_what_it_holds(packed: Packed, tmp_path: Path):
    scans, other = np.array([1]), Origin("mean-abs", 0, 1, "draem", "test")
    write_maps(named(packed, scans, packed.t1[1:2]), packed, scans, OF, tmp_path / "a")
    write_reconstructions(named(packed, scans, packed.t1[1:2, None]), packed, scans, 1, other, tmp_path / "b")
    assert origin(tmp_path / "a") == OF
    files = by_origin([tmp_path / "b", tmp_path / "a"])
    assert file_of(other, files) == tmp_path / "b"
    with pytest.raises(DataError, match=r"les \(test\) by unet-les, fold 1, seed 2 is wanted, found: draem"):
        file_of(Origin("unet-les", 1, 2, "les", "test"), files)
    with pytest.raises(DataError, match="nothing"):
        file_of(OF, {})


@pytest.mark.parametrize("meta", [{}, {"method": "ae"}, {"model": "ae", "fold": 0, "seed": 1, "set": "les"}])
def test_a_file_that_does_not_tell_what_it_holds_is_an_error(tmp_path: Path, meta: dict[str, object]):
    write_tensors([], {}, meta, tmp_path / "map")
    with pytest.raises(DataError, match="does not tell which maps"):
        origin(tmp_path / "map")


def test_reconstructions_are_read_by_the_name_of_the_scan(packed: Packed, tmp_path: Path):
    scans, made = np.array([3, 1]), np.random.default_rng(2).random((2, 5, 3, 6, 5)).astype(np.float16)
    write_reconstructions(named(packed, scans, made), packed, scans, 5, OF, tmp_path / "made")
    np.testing.assert_array_equal(read_reconstructions(tmp_path / "made", "b"), made[1])
    with pytest.raises(DataError, match="not of c"):
        read_reconstructions(tmp_path / "made", "c")
