"""Evaluate: a row's maps are added and measured over whole volumes, scan by scan."""

import csv
from pathlib import Path

import numpy as np
import pytest

from sadm.errors import DataError
from sadm.evaluate import evaluate
from sadm.metrics import best_dice_auprc

SHAPE = (5, 4, 9, 8)


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Five scans, three of them test scans in fold 0; the last has no lesion, and lesions reach out of the brain."""
    draw = np.random.default_rng(0)
    folder = tmp_path / "packed"
    folder.mkdir()
    brain, lesion = draw.random(SHAPE) < 0.5, draw.random(SHAPE) < 0.1
    lesion[4] = False
    np.save(folder / "t1.npy", (draw.random(SHAPE) * brain).astype(np.float16))
    np.save(folder / "brain.npy", brain.astype(np.uint8))
    np.save(folder / "lesion.npy", lesion.astype(np.uint8))
    names = [f"sub-{k}" for k in range(5)]
    (folder / "scans.tsv").write_text("scan\tsubject\n" + "".join(f"{name}\t{name}\n" for name in names))
    parts = zip(names, ["train", "test", "val", "test", "test"], strict=True)
    rows = "".join(f"{name}\t{name}\t0\t{part}\n" for name, part in parts)
    (tmp_path / "splits.tsv").write_text("scan\tsubject\tfold\tset\n" + rows)
    return folder


def store(folder: Path, scans: list[int], seed: int) -> Path:
    """A stored map of random values, and its volumes beside it."""
    brain = np.load(folder / "brain.npy") > 0
    volumes = np.random.default_rng(seed).random(SHAPE).astype(np.float16) * brain
    path = folder.parent / f"map{seed}.npy"
    np.save(path, np.concatenate([volumes[i][brain[i]] for i in scans]))
    np.save(folder.parent / f"volumes{seed}.npy", volumes)
    return path


def read(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def test_each_test_scan_is_measured_over_its_whole_volume(packed: Path, tmp_path: Path):
    maps = [store(packed, [1, 3, 4], seed) for seed in (1, 2)]
    evaluate(maps, packed, tmp_path / "splits.tsv", 0, 0.8, tmp_path / "out" / "scores.tsv")
    u, p = (np.load(tmp_path / f"volumes{seed}.npy").astype(np.float32) for seed in (1, 2))
    lesion = np.load(packed / "lesion.npy")
    rows = read(tmp_path / "out" / "scores.tsv")
    assert list(rows[0]) == ["scan", "dice", "auprc", "threshold", "lesion_voxels", "empty"]
    assert [row["scan"] for row in rows] == ["sub-1", "sub-3", "sub-4"]
    for row, i in zip(rows[:2], (1, 3), strict=True):
        whole = best_dice_auprc(1.6 * u[i] + 0.4 * p[i], lesion[i])
        assert float(row["dice"]) == pytest.approx(whole.dice, abs=1e-6)
        assert float(row["auprc"]) == pytest.approx(whole.auprc, abs=1e-6)
        assert int(row["lesion_voxels"]) == lesion[i].sum()
        assert row["empty"] == "0"


def test_an_empty_label_is_named_and_has_no_score(packed: Path, tmp_path: Path):
    evaluate([store(packed, [1, 3, 4], 1)], packed, tmp_path / "splits.tsv", 0, 0.5, tmp_path / "scores.tsv")
    last = read(tmp_path / "scores.tsv")[-1]
    assert last == {
        "scan": "sub-4",
        "dice": "nan",
        "auprc": "nan",
        "threshold": "nan",
        "lesion_voxels": "0",
        "empty": "1",
    }


def test_without_splits_all_scans_are_test_scans_and_bytes_repeat(packed: Path, tmp_path: Path):
    for name in ("a.tsv", "b.tsv"):
        evaluate([store(packed, [0, 1, 2, 3, 4], 1)], packed, None, 0, 0.5, tmp_path / name)
    assert len(read(tmp_path / "a.tsv")) == 5
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()


def test_a_map_of_other_scans_is_an_error(packed: Path, tmp_path: Path):
    with pytest.raises(DataError, match="does not fit its test set"):
        evaluate([store(packed, [1, 3], 1)], packed, tmp_path / "splits.tsv", 0, 0.5, tmp_path / "scores.tsv")
    assert not (tmp_path / "scores.tsv").exists()
