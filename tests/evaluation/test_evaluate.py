"""Evaluate: a row's maps are added and measured over whole volumes; thresholds tell what they were fitted on."""

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from sadm.evaluation.evaluate import columns, evaluate
from sadm.evaluation.lesions import measure
from sadm.evaluation.metrics import auprc, best_dice, curve
from sadm.runtime.errors import DataError

SHAPE = (5, 4, 9, 8)


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Five scans, three of them test scans in fold 0, one for validation; the last has no lesion, and lesions reach out of the brain."""
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


SETTINGS = {"beta": 0.8, "rates": [0.05, 0.2], "spacing": 2.0, "tolerance": 1.0}
PARTS = {"test": [1, 3, 4], "val": [2]}


def store(packed: Path, scans: list[int], seed: int) -> Path:
    """A stored map of random values of the ``scans``; those of all are beside it."""
    brain = np.load(packed / "brain.npy") > 0
    volumes = np.random.default_rng(seed).random(SHAPE).astype(np.float16) * brain
    path = packed.parent / f"map{seed}_{'_'.join(map(str, scans))}.npy"
    np.save(path, np.concatenate([volumes[i][brain[i]] for i in scans] or [np.empty(0, np.float16)]))
    np.save(packed.parent / f"volumes{seed}.npy", volumes)
    return path


def read(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def run(
    packed: Path, parts: dict[str, list[int]] = PARTS, out: str = "out"
) -> dict[str, list[dict[str, str]]]:
    """Tables of a study whose test set "les" and healthy set "ok" are the same scans."""
    files = {"packed": packed, "splits": packed.parent / "splits.tsv"}
    sets = {
        (name, part): files | {"maps": [store(packed, scans, seed) for seed in (1, 2)]}
        for name in ("les", "ok")
        for part, scans in parts.items()
    }
    paths = {name: packed.parent / out / f"{name}.tsv" for name in ("les", "thresholds", "pooled", "healthy")}
    evaluate(sets, {"les": "les"}, "ok", 0, SETTINGS, paths)
    return {name: read(path) for name, path in paths.items()}


def score(packed: Path) -> np.ndarray:
    """The score of every voxel."""
    u, p = (np.load(packed.parent / f"volumes{seed}.npy").astype(np.float32) for seed in (1, 2))
    return np.float32(1.6) * u + np.float32(0.4) * p


def dice(found: np.ndarray, lesion: np.ndarray) -> float:
    return float(2 * (found & lesion).sum() / (found.sum() + lesion.sum()))


def test_each_test_scan_is_measured_over_its_whole_volume(packed: Path):
    tables, lesion = run(packed), np.load(packed / "lesion.npy") > 0
    rows, values = tables["les"], score(packed)
    assert list(rows[0])[:6] == ["scan", "dice", "auprc", "threshold", "lesion_voxels", "empty"]
    assert list(rows[0]) == columns(["testset", "validation", "validation_greedy", "healthy_5", "healthy_20"])
    assert [row["scan"] for row in rows] == ["sub-1", "sub-3", "sub-4"]
    thresholds = {line["kind"]: float(line["value"]) for line in tables["thresholds"]}
    for row, i in zip(rows[:2], (1, 3), strict=True):
        points = curve(values[i], lesion[i])
        assert float(row["dice"]) == pytest.approx(best_dice(points)[0], abs=1e-12)
        assert float(row["auprc"]) == pytest.approx(auprc(points), abs=1e-12)
        assert int(row["lesion_voxels"]) == lesion[i].sum()
        assert float(row["lesion_ml"]) == pytest.approx(lesion[i].sum() * 0.008)
        for kind, value in thresholds.items():
            assert float(row[f"dice_{kind}"]) == pytest.approx(dice(values[i] >= value, lesion[i]), abs=1e-12)
        found = values[i] >= thresholds["validation"]
        assert float(row["false_ml"]) == pytest.approx((found & ~lesion[i]).sum() * 0.008)
        expected = measure(found, lesion[i], 2.0, 2.0)
        for name, value in expected._asdict().items():
            assert float(row[name]) == pytest.approx(value), name


def test_no_threshold_is_better_than_the_one_fitted_on_the_test_set(packed: Path):
    rows = run(packed)["les"][:2]
    means = {name: np.mean([float(row[name]) for row in rows]) for name in rows[0] if name.startswith("dice")}
    assert max(means, key=lambda name: means[name]) == "dice"
    assert all(
        means["dice_testset"] >= value
        for name, value in means.items()
        if name.startswith("dice_") and name != "dice_greedy"
    )


def test_an_empty_label_is_named_and_has_no_score(packed: Path):
    last = run(packed)["les"][-1]
    assert (last["scan"], last["lesion_voxels"], last["empty"]) == ("sub-4", "0", "1")
    measures = [n for n in last if n.startswith(("dice", "au", "hd", "nsd")) or n in ("pq", "threshold")]
    assert len(measures) > 9
    assert {last[name] for name in measures} == {"nan"}
    assert float(last["false_ml"]) == float(last["found_ml"]) > 0


def test_thresholds_tell_what_they_were_fitted_on(packed: Path):
    lines = {line["kind"]: line for line in run(packed)["thresholds"]}
    assert lines["testset"]["scans"] == "sub-1,sub-3,sub-4"
    assert {lines[kind]["scans"] for kind in lines if kind != "testset"} == {"sub-2"}
    assert [lines[kind]["dataset"] for kind in ("testset", "validation", "healthy_5")] == ["les", "les", "ok"]


def test_healthy_thresholds_are_reached_by_their_share_of_healthy_brain_voxels(packed: Path):
    tables = run(packed)
    inside = score(packed)[2][np.load(packed / "brain.npy")[2] > 0]
    for rate in (0.05, 0.2):
        value = next(
            float(x["value"]) for x in tables["thresholds"] if x["kind"] == f"healthy_{100 * rate:g}"
        )
        share = (inside >= value).mean()
        assert rate - 2 / len(inside) < share <= rate
    lines = [line for line in tables["healthy"] if line["kind"] == "healthy_20"]
    assert [line["scan"] for line in lines] == ["sub-1", "sub-3", "sub-4"]
    found = (score(packed)[3] >= value).sum()
    assert float(lines[1]["false_ml"]) == pytest.approx(found * 0.008)


def test_without_a_validation_label_the_binary_map_is_at_the_test_sets_threshold(packed: Path):
    lesion = np.load(packed / "lesion.npy")
    lesion[2] = 0
    np.save(packed / "lesion.npy", lesion)
    rows = run(packed)["les"]
    assert {row["binary"] for row in rows} == {"testset"}
    assert (
        {row["dice_validation"] for row in rows} == {row["dice_validation_greedy"] for row in rows} == {"nan"}
    )
    assert float(rows[0]["pq"]) >= 0


def test_pooled_areas_are_those_of_all_voxels(packed: Path):
    line, lesion = run(packed)["pooled"][0], np.load(packed / "lesion.npy")[[1, 3, 4]] > 0
    values = score(packed)[[1, 3, 4]]
    error = abs(float(line["auprc"]) - average_precision_score(lesion.ravel(), values.ravel()))
    assert error <= float(line["auprc_error"]) + 1e-12
    assert float(line["auroc"]) == pytest.approx(roc_auc_score(lesion.ravel(), values.ravel()), abs=1e-4)
    assert (int(line["voxels"]), int(line["lesion_voxels"])) == (lesion.size, lesion.sum())


def test_bytes_repeat(packed: Path):
    run(packed, out="a"), run(packed, out="b")
    for name in ("les", "thresholds", "pooled", "healthy"):
        one, other = (packed.parent / out / f"{name}.tsv" for out in "ab")
        assert one.read_bytes() == other.read_bytes()


def test_a_map_of_other_scans_is_an_error(packed: Path):
    with pytest.raises(DataError, match="does not fit its test set"):
        run(packed, {"test": [1, 3], "val": [2]})
    assert not (packed.parent / "out" / "les.tsv").exists()
