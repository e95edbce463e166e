"""The DRAEM test set: which scans, which labels, and what its draws depend on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sadm.cohort.packed import Packed, load_packed
from sadm.cohort.synthesise import synthesise
from sadm.runtime.errors import SplitError

SHAPE = (6, 32, 40)  # D, X, Y
DRAEM = {"threshold": (0.3, 0.5), "max_scale": 3}
SCANS = {"sub-1": "test", "sub-2": "train", "sub-3": "val", "sub-4": "test", "sub-5": "test"}


def write_healthy(folder: Path, scans: list[str]) -> tuple[Path, Path]:
    """A packed data set whose volumes follow from the scans' names, and its splits of two folds."""
    packed = folder / "healthy"
    packed.mkdir(parents=True)
    brain = np.zeros((len(scans), *SHAPE), np.uint8)
    brain[:, 1:, 5:25, 6:30] = 1
    t1 = np.stack([np.random.default_rng(int(scan[4:])).random(SHAPE) for scan in scans]) * brain
    for name, array in {"t1": t1.astype(np.float16), "brain": brain, "lesion": np.zeros_like(brain)}.items():
        np.save(packed / f"{name}.npy", array)
    lines = [f"healthy\t{scan}\t{scan[4:]}\t{index}" for index, scan in enumerate(scans)]
    (packed / "scans.tsv").write_text("\n".join(["dataset\tscan\tsubject\tindex", *lines, ""]))
    splits = folder / "splits.tsv"
    lines = [f"healthy\t{scan}\t{scan[4:]}\t{fold}\t{SCANS[scan]}" for fold in (0, 1) for scan in scans]
    splits.write_text("\n".join(["dataset\tscan\tsubject\tfold\tset", *lines, ""]))
    return packed, splits


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., tuple[Packed, Packed, Path]]:
    """The healthy data set and the test set made of it: ``make(scans, seed, **draem)``."""

    def make(scans: list[str], seed: int = 1, **draem: object) -> tuple[Packed, Packed, Path]:
        folder = tmp_path / f"{'_'.join(scans)}_{seed}_{len(list(tmp_path.iterdir()))}"
        packed, splits = write_healthy(folder, scans)
        synthesise(packed, splits, folder / "draem", seed, DRAEM | draem)
        return load_packed(packed), load_packed(folder / "draem"), folder / "draem"

    return make


def test_it_has_the_test_and_validation_scans_in_packed_order_and_an_anomaly_on_each(make: Callable) -> None:
    healthy, draem, folder = make(list(SCANS))
    assert draem.scans == ["sub-1", "sub-3", "sub-4", "sub-5"]
    assert draem.t1.dtype == np.float16
    assert draem.brain.dtype == draem.lesion.dtype == np.uint8
    np.testing.assert_array_equal(draem.brain, healthy.brain[[0, 2, 3, 4]])
    assert (draem.lesion.sum(axis=(1, 2, 3)) > 0).all()
    assert (folder / "scans.tsv").read_text().splitlines()[3] == "draem\tsub-4\t4\t2\t1"
    assert (folder / "excluded.tsv").read_text() == "dataset\tscan\treasons\n"


def test_the_label_is_what_was_painted_inside_the_brain(make: Callable) -> None:
    healthy, draem, _ = make(list(SCANS))
    before, after = healthy.t1[[0, 2, 3, 4]], draem.t1
    assert not (draem.lesion & (1 - draem.brain)).any()
    inside = draem.brain > 0
    np.testing.assert_array_equal(after[inside & (draem.lesion == 0)], before[inside & (draem.lesion == 0)])
    assert (after != before)[draem.lesion > 0].mean() > 0.95
    assert (after != before)[~inside].any()
    assert after.min() >= 0
    assert after.max() <= 1


def test_within_brain_leaves_the_background_alone(make: Callable) -> None:
    healthy, draem, _ = make(list(SCANS), within_brain=True)
    np.testing.assert_array_equal(draem.t1[draem.brain == 0], healthy.t1[[0, 2, 3, 4]][draem.brain == 0])


def test_a_scan_more_changes_no_other(make: Callable) -> None:
    _, few, _ = make(["sub-4", "sub-5"])
    _, more, _ = make(["sub-1", "sub-2", "sub-4", "sub-5"])
    np.testing.assert_array_equal(few.t1, more.t1[1:])
    np.testing.assert_array_equal(few.lesion, more.lesion[1:])
    assert (more.lesion[0] != more.lesion[1]).any()


def test_equal_seed_equal_bytes_other_seed_other_anomalies(make: Callable) -> None:
    first, again, other = (make(list(SCANS), seed)[2] for seed in (1, 1, 2))
    for name in ("t1.npy", "brain.npy", "lesion.npy", "scans.tsv"):
        assert (first / name).read_bytes() == (again / name).read_bytes()
    assert (first / "lesion.npy").read_bytes() != (other / "lesion.npy").read_bytes()


def test_no_test_scan_is_an_error(make: Callable) -> None:
    with pytest.raises(SplitError, match="no scan"):
        make(["sub-2", "sub-3"])
