"""Covers sadm.evaluation.evaluate, sadm.evaluation.thresholds, sadm.evaluation.volumes: all that is said of a row."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from sadm.cohort.packed import load_packed, parts
from sadm.evaluation.evaluate import IDENTITY, columns, evaluate
from sadm.evaluation.lesions import measure
from sadm.evaluation.metrics import auprc, best_dice, curve
from sadm.evaluation.thresholds import greedy_threshold
from sadm.evaluation.volumes import TableRow, Volume
from sadm.prediction.maps import Origin, write_maps
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
    dealt = list(zip(names, ["train", "test", "val", "test", "test"], strict=True))
    for dataset in ("les", "ok"):
        rows = "".join(f"{dataset}\t{name}\t{name}\t1\t{part}\n" for name, part in dealt)
        (tmp_path / f"{dataset}.tsv").write_text("dataset\tscan\tsubject\tfold\tset\n" + rows)
    return folder


SETTINGS = {"rates": [0.05, 0.2], "spacing": 2.0, "tolerance": 1.0}
PARTS = {"test": [1, 3, 4], "val": [2]}
ROW = TableRow("SADM", ["cddpm", "unet-les"], 1, 2, 0.8)


def data(packed: Path, name: str, unlabelled: tuple[int, ...] = ()) -> Path:
    """The folder of the same volumes as the data set ``name``."""
    folder = packed.with_name(name)
    folder.mkdir(exist_ok=True)
    for kind in ("t1", "brain", "lesion"):
        np.save(folder / f"{kind}.npy", np.load(packed / f"{kind}.npy"))
    lines = "".join(f"{name}\tsub-{k}\t{int(k not in unlabelled)}\n" for k in range(5))
    (folder / "scans.tsv").write_text("dataset\tscan\tlabelled\n" + lines)
    return folder


def volumes(seed: int) -> np.ndarray:
    """The maps of all scans by the model number ``seed``."""
    return np.random.default_rng(seed).random(SHAPE).astype(np.float16)


def store(folder: Path, of: Origin, scans: list[int], seed: int) -> Path:
    """The stored maps of the ``scans``."""
    path = folder.parent / "maps" / f"{of.model}_{of.set}_{of.part}.safetensors"
    given = [(f"sub-{i}", volumes(seed)[i]) for i in scans]
    write_maps(given, load_packed(folder), np.array(scans), of, path)
    return path


def read(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def run(
    packed: Path, scans: dict[str, list[int]] = PARTS, out: str = "out", unlabelled: tuple[int, ...] = ()
) -> dict[str, list[dict[str, str]]]:
    """Tables of a study whose test set "les" and healthy set "ok" are the same scans."""
    folders = {name: data(packed, name, unlabelled) for name in ("ok", "les")}
    wanted = {f"{name} {part}": (name, part) for name in folders for part in scans}
    sets = parts(
        wanted,
        {name: name for name in folders},
        folders.values(),
        [packed.with_name(f"{n}.tsv") for n in folders],
        1,
    )
    maps = [
        store(folders[part.set], Origin(model, 1, 2, part.set, part.part), scans[part.part], seed)
        for part in sets.values()
        for seed, model in ((2, "unet-les"), (1, "cddpm"))
    ]
    tables = ["les", "thresholds", "pooled", "healthy"] + ["released"] * ("train" in scans)
    paths = {name: packed.parent / out / f"{name}.tsv" for name in tables}
    evaluate(ROW, sets.values(), maps, {"les": "les", "ok": "ok"}, "ok", SETTINGS, paths)
    return {name: read(path) for name, path in paths.items()}


def score(packed: Path) -> np.ndarray:
    """The score of every voxel."""
    brain = np.load(packed / "brain.npy")
    u, p = ((volumes(seed) * brain).astype(np.float32) for seed in (1, 2))
    return np.float32(1.6) * u + np.float32(0.4) * p


def dice(found: np.ndarray, lesion: np.ndarray) -> float:
    return float(2 * (found & lesion).sum() / (found.sum() + lesion.sum()))


def test_each_test_scan_is_measured_over_its_whole_volume(packed: Path):
    tables, lesion = run(packed), np.load(packed / "lesion.npy") > 0
    rows, values = tables["les"], score(packed)
    assert list(rows[0])[:6] == ["row", "fold", "seed", "testset", "scan", "dice"]
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
        expected = measure(found, lesion[i], 2.0, 1.0)
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


def test_a_healthy_volume_moves_no_threshold_by_dice():
    draw = np.random.default_rng(1)
    brain = np.ones((2, 3, 4), np.uint8)
    made = [
        Volume(
            f"sub-{k}", draw.random(24).astype(np.float32), label.ravel() > 0, brain, label, not label.any()
        )
        for k, label in enumerate((draw.random((2, 2, 3, 4)) < 0.3) * np.array([1, 0])[:, None, None, None])
    ]
    both, labelled = greedy_threshold(made), greedy_threshold(made[:1])
    assert both == labelled
    assert greedy_threshold([made[0], replace(made[1], healthy=False)]) != labelled, (
        "an empty label counts as released"
    )


def test_a_scan_without_a_label_is_told_from_one_whose_label_is_empty(packed: Path):
    lines = {n: run(packed, out=str(n), unlabelled=(4,) * n)["les"][-1] for n in (0, 1)}
    assert [lines[n].pop("healthy") for n in (0, 1)] == ["0", "1"]
    assert lines[0] == lines[1]
    assert float(lines[1]["false_ml"]) > 0


def test_thresholds_tell_what_they_were_fitted_on(packed: Path):
    lines = {line["kind"]: line for line in run(packed)["thresholds"]}
    assert lines["testset"]["scans"] == "sub-1,sub-3,sub-4"
    assert {lines[kind]["scans"] for kind in lines if kind != "testset"} == {"sub-2"}
    assert [lines[kind]["dataset"] for kind in ("testset", "validation", "healthy_5")] == ["les", "les", "ok"]


def test_the_released_threshold_is_of_the_whole_annotated_subset_and_in_a_table_of_its_own(packed: Path):
    plain, tables = run(packed, out="plain"), run(packed, PARTS | {"train": [0]})
    (line,) = tables.pop("released")
    assert (line["kind"], line["dataset"], line["scans"]) == ("subset_greedy", "les", "sub-0,sub-2")
    assert tables == plain, "no other table has it"
    brain, lesion, values = (
        np.load(packed / "brain.npy") > 0,
        np.load(packed / "lesion.npy") > 0,
        score(packed),
    )
    train, threshold = [0, 2], float(line["value"])
    inside = brain[train]
    wanted = greedy_by_hand(values[train][inside], lesion[train][inside], int(lesion[train].sum()))
    assert threshold == pytest.approx(wanted, abs=1e-6)
    means = [dice(values[i] >= threshold, lesion[i]) for i in (1, 3)] + [0]  # the third label is empty
    assert float(line["dice"]) == pytest.approx(np.mean(means), abs=1e-12)
    assert line["volumes"] == "3"


def greedy_by_hand(score: np.ndarray, label: np.ndarray, lesion: int) -> float:
    """The threshold with the best Dice of those that ten bisections see."""
    low, high, best = 0.0, float(score.max()), (0.0, 0.0)
    for _ in range(10):
        points = [low + (high - low) / 4, high - (high - low) / 4]
        found = [2 * (label & (score > t)).sum() / ((score > t).sum() + lesion) for t in points]
        best = max([best, *zip(found, points, strict=True)], key=lambda pair: pair[0])
        middle = (low + high) / 2
        low, high = (low, middle) if found[0] >= found[1] else (middle, high)
    return best[1]


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
    brain = np.load(packed / "brain.npy")[[1, 3, 4]] > 0
    inside = roc_auc_score(lesion[brain], values[brain])
    assert float(line["auroc_brain"]) == pytest.approx(inside, abs=1e-4)
    assert (int(line["voxels"]), int(line["lesion_voxels"])) == (lesion.size, lesion.sum())


def test_every_line_tells_what_it_is_of(packed: Path):
    for name, lines in run(packed).items():
        assert list(lines[0])[:4] == list(IDENTITY), name
        assert {tuple(line[key] for key in IDENTITY) for line in lines} == {("SADM", "1", "2", "les")}, name


def test_maps_of_another_fold_are_not_taken(packed: Path):
    run(packed)
    folders = [data(packed, name) for name in ("les", "ok")]
    files = [packed.with_name("les.tsv"), packed.with_name("ok.tsv")]
    sets = parts({"x": ("les", "test")}, {"les": "les"}, folders, files, 1)
    with pytest.raises(DataError, match=r"les \(test\) by cddpm, fold 0, seed 2 is wanted"):
        TableRow("SADM", ["cddpm"], 0, 2, 1.0).scored(
            sets["x"],
            {Origin("cddpm", 1, 2, "les", "test"): packed.parent / "maps/cddpm_les_test.safetensors"},
        )


def test_bytes_repeat(packed: Path):
    run(packed, out="a"), run(packed, out="b")
    for name in ("les", "thresholds", "pooled", "healthy"):
        one, other = (packed.parent / out / f"{name}.tsv" for out in "ab")
        assert one.read_bytes() == other.read_bytes()


def test_a_map_of_other_scans_is_an_error(packed: Path):
    with pytest.raises(DataError, match="does not fit its test set"):
        run(packed, {"test": [1, 3], "val": [2]})
    assert not (packed.parent / "out" / "les.tsv").exists()
