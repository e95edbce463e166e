"""Trivial scores: what they are, by their definition."""

from pathlib import Path

import numpy as np
import pytest

from sadm.cohort.packed import Part, load_packed, members
from sadm.evaluation.metrics import auprc, best_dice, curve
from sadm.prediction.maps import Origin, as_volume, origin, read_maps
from sadm.prediction.score import residual_map
from sadm.prediction.trivial import TRIVIAL, trivial
from sadm.runtime.errors import DataError

SHAPE = (4, 6, 12, 10)
SPLITS = "dataset\tscan\tsubject\tfold\tset\n" + "".join(
    f"x\ts{k}\ts{k}\t0\t{'train' if k < 3 else 'test'}\n" for k in range(4)
)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Healthy s0 to s3 (three of them for training) and a test set with the same names, of which s3 is tested."""
    for seed, name in enumerate(("healthy", "patients")):
        draw, folder = np.random.default_rng(seed), tmp_path / name
        folder.mkdir()
        brain = draw.random(SHAPE) < 0.7
        np.save(folder / "t1.npy", (draw.random(SHAPE) * brain).astype(np.float16))
        np.save(folder / "brain.npy", brain.astype(np.uint8))
        np.save(folder / "lesion.npy", np.zeros(SHAPE, np.uint8))
        (folder / "scans.tsv").write_text("scan\n" + "".join(f"s{k}\n" for k in range(4)))
    (tmp_path / "splits.tsv").write_text(SPLITS)
    return tmp_path


def test_a_spline_that_overshoots_gives_no_score_below_zero(study: Path) -> None:
    t1 = np.load(study / "patients/t1.npy").astype(np.float32) * 1.3 - 0.15
    np.save(study / "patients/t1.npy", t1.astype(np.float16))
    found = run(study)
    assert min(volume.min() for volume in found.values()) == 0
    assert t1.max() > 1


def run(
    study: Path, fold: int = 0, testset: str = "patients", seed: int = 1, out: str = "maps"
) -> dict[str, np.ndarray]:
    def part(data: str, name: str, which: str) -> Part:
        packed = load_packed(study / data)
        return Part(name, which, packed, members(packed, study / "splits.tsv", fold, which))

    sets = {"a": part("patients", testset, "test"), "val/a": part("patients", testset, "val")}
    paths = {f"{name}/{key}": study / out / f"{name}_{key}" for name in TRIVIAL for key in sets}
    trivial(part("healthy", "healthy", "train"), sets, fold, seed, 1.0, 3, paths)
    packed = sets["a"].data
    return {
        name: as_volume(read_maps(paths[f"{name}/a"], packed, np.array([3]))[0], packed.brain[3])
        for name in TRIVIAL
    }


def test_the_mean_brain_is_that_of_the_healthy_training_scans(study: Path):
    maps, patients = run(study), load_packed(study / "patients")
    x, brain = patients.t1[3].astype(np.float32), patients.brain[3]
    mean = np.load(study / "healthy" / "t1.npy")[:3].astype(float).mean(axis=0)
    np.testing.assert_allclose(maps["mean-ssim"], residual_map(x, mean, brain, 1.0, 3), atol=1e-3)
    np.testing.assert_allclose(maps["inverted"], (1 - x) * brain, atol=1e-3)
    z, a, b = np.argwhere(brain[1:-1, 1:-1, 1:-1])[7] + 1
    cube = (slice(z - 1, z + 2), slice(a - 1, a + 2), slice(b - 1, b + 2))
    assert maps["mean-abs"][z, a, b] == pytest.approx(np.median((np.abs(x - mean) * brain)[cube]), abs=1e-3)


def test_maps_are_never_negative_and_zero_outside(study: Path):
    brain = load_packed(study / "patients").brain[3] > 0
    for name, volume in run(study).items():
        assert volume.min() >= 0, name
        assert not volume[~brain].any(), name
        assert volume.any(), name


@pytest.mark.parametrize(("size", "outside"), [(1, 0), (40, 0), (400, 0), (40, 30)])
def test_the_whole_brain_has_each_volumes_floor(study: Path, size: int, outside: int):
    """Best Dice 2p / (1 + p) and AUPRC p where the lesion lies in the brain; what lies outside is missed."""
    found, brain = run(study)["whole-brain"], load_packed(study / "patients").brain[3] > 0
    np.testing.assert_array_equal(found, brain)
    label = np.zeros(brain.shape, bool)
    label[tuple(np.argwhere(brain)[:size].T)] = True
    label[tuple(np.argwhere(~brain)[:outside].T)] = True
    points, p = curve(found, label), size / brain.sum()
    dice = 2 * size / (brain.sum() + size + outside)
    assert best_dice(points) == (pytest.approx(dice), 1)
    if not outside:
        assert dice == pytest.approx(2 * p / (1 + p))
        assert auprc(points) == pytest.approx(p)


def test_no_map_that_is_above_0_in_the_brain_has_a_lower_best_dice(study: Path):
    maps, draw = run(study), np.random.default_rng(5)
    label = (maps["whole-brain"] > 0) & (draw.random(SHAPE[1:]) < 0.1)
    floor = best_dice(curve(maps["whole-brain"], label))[0]
    worst = maps["whole-brain"] * (1 - 0.9 * label)
    assert best_dice(curve(worst, label))[0] == pytest.approx(floor)
    assert best_dice(curve(maps["random"], label))[0] >= floor


def test_random_depends_on_seed_and_test_set_alone(study: Path):
    first = run(study)["random"]
    np.testing.assert_array_equal(first, run(study, out="again")["random"])
    assert np.abs(first - run(study, seed=2, out="other")["random"]).max() > 0.1
    assert np.abs(first - run(study, testset="draem", out="draem")["random"]).max() > 0.1
    inside = first[first > 0]
    assert abs(inside.mean() - 0.5) < 0.06
    assert inside.max() > 0.9


def test_a_fold_without_healthy_training_scans_is_an_error(study: Path):
    with pytest.raises(DataError, match="No healthy training scan is left"):
        run(study, fold=1)


def test_a_map_tells_what_it_is_of(study: Path):
    run(study)
    assert origin(study / "maps/mean-abs_val/a") == Origin("mean-abs", 0, 1, "patients", "val")
    assert origin(study / "maps/random_a") == Origin("random", 0, 1, "patients", "test")
