"""Covers sadm.demo.population, sadm.demo.pathology: the demo's heads keep to the statistics of real scans that they were set by.

The statistics are those of benchmarks/realism.py; docs/demo.md has them beside real scans'.
"""

import sys
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.demo import population, synthetic_head
from sadm.demo.phantom import Phantom
from sadm.preprocess.grid import Prepared, Target, prepare
from sadm.preprocess.head import Head
from sadm.preprocess.label import keep_volume, share
from sadm.runtime.files import load_nifti
from sadm.study.loader import raw_config
from sadm.study.study import Study

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from realism import grey_to_white, measure, tissues  # noqa: E402

TUMOURS, STROKES, HEALTHY = 8, 8, 6
SEATED = {  # a head as registration leaves it
    kind: replace(
        population.POPULATIONS[kind],
        native=False,
        size=(0.006, 0.010),
        turn=(0.012,) * 3,
        shift=((0.0, 0.5),) * 3,
    )
    for kind in ("healthy", "stroke")
}


@pytest.fixture(scope="module")
def target(template: tuple[Path, Path]) -> Target:
    return Target.of(
        load_nifti(template[1]), **Study.from_config(raw_config([ROOT / "config.yaml"])).section("grid")
    )


def prepared(
    phantom: Phantom, target: Target, kind: str, number: int
) -> tuple[Prepared, np.ndarray, np.ndarray]:
    """A head on the demo's grid without a registration or a bias field, and its lesion, coarse and fine."""
    made = synthetic_head.make_head(phantom, 900 + number, kind, ("alpha", "beta", "gamma")[number % 3])
    image, lesion = (nib.Nifti1Image(each, made.affine) for each in (made.image, made.lesion))
    brain = nib.Nifti1Image(made.brain.astype(np.uint8), made.affine)
    flat = nib.Nifti1Image(np.zeros(target.fine.shape, np.float32), target.fine.affine)
    part = share(lesion, target.fine, np.eye(4))
    found = prepare(Head.of(image), brain, flat, target, np.eye(4), np.eye(4))
    return found, keep_volume(target.reduce(part)), part > 0.01


@pytest.fixture(scope="module")
def healthy(demo_phantom: Phantom, target: Target) -> list[Prepared]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(population.POPULATIONS, "healthy", SEATED["healthy"])
        return [prepared(demo_phantom, target, "healthy", n)[0] for n in range(HEALTHY)]


@pytest.fixture(scope="module")
def tumours(demo_phantom: Phantom, target: Target, healthy: list[Prepared]) -> list[dict[str, float]]:
    """Statistics of tumours against the mean of healthy heads."""
    mean, masks = np.mean([scan.t1 for scan in healthy], axis=0), tissues(demo_phantom, target.fine)
    found = []
    for number in range(TUMOURS):
        scan, coarse, fine = prepared(demo_phantom, target, "tumour", number)
        line = measure(scan.t1, scan.brain, coarse, mean, target.coarse.voxel / 1000)
        found.append(line | {"grey_to_white": grey_to_white(scan.head, fine, masks)})
    return found


def test_healthy_heads_differ_as_much_as_real_ones(healthy: list[Prepared], target: Target) -> None:
    """Real IXI heads, registered, each against the mean of eight others: 1 - SSIM .273, distance .092."""
    t1, none = np.stack([scan.t1 for scan in healthy]), np.zeros_like(healthy[0].brain)
    lines = [
        measure(scan.t1, scan.brain, none, np.delete(t1, i, axis=0).mean(axis=0), target.coarse.voxel / 1000)
        for i, scan in enumerate(healthy)
    ]
    assert 0.24 < np.mean([line["dissimilarity"] for line in lines]) < 0.36
    assert 0.08 < np.mean([line["distance"] for line in lines]) < 0.13


def test_grey_matter_is_as_bright_as_in_real_heads(
    demo_phantom: Phantom, target: Target, healthy: list[Prepared]
) -> None:
    """IXI, 20 heads: GM/WM .77 to .82, median .80; healthy tissue's median intensity .66."""
    masks = tissues(demo_phantom, target.fine)
    ratios = [grey_to_white(scan.head, np.zeros(scan.head.shape, bool), masks) for scan in healthy]
    assert 0.77 < np.median(ratios) < 0.82
    assert 0.62 < np.mean([np.median(scan.t1[scan.brain > 0]) for scan in healthy]) < 0.70


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [  # real BraTS beside it: docs/demo.md
        ("dissimilarity", 0.50, 0.66),
        ("lesion_dissimilarity", 0.68, 0.90),
        ("distance", 0.15, 0.23),
        ("lesion_distance", 0.15, 0.27),
        ("spread", 0.14, 0.22),
        ("grey_to_white", 0.86, 0.95),
        ("share", 0.045, 0.09),
    ],
)
def test_tumours_are_as_far_from_healthy_brains_as_real_ones(
    tumours: list[dict[str, float]], name: str, low: float, high: float
) -> None:
    assert low < np.mean([line[name] for line in tumours]) < high


def test_a_lesion_stands_out_no_more_than_real_ones(tumours: list[dict[str, float]]) -> None:
    """Real BraTS: the lesion is 1.35 to 1.4 times as unlike the mean brain as healthy tissue is."""
    sick, well = (
        np.mean([line[name] for line in tumours]) for name in ("lesion_dissimilarity", "dissimilarity")
    )
    assert 1.2 < sick / well < 1.55


def test_lesions_are_neither_tiny_nor_huge(tumours: list[dict[str, float]]) -> None:
    """Real BraTS: 18 to 191 ml, median 78."""
    volumes = [line["lesion_ml"] for line in tumours]
    assert min(volumes) > 5
    assert max(volumes) < 350
    assert 40 < np.median(volumes) < 130


def test_strokes_are_as_dark_and_as_unlike_as_those_of_the_atlas_like_set(
    demo_phantom: Phantom, target: Target, healthy: list[Prepared]
) -> None:
    """Real heads with real outlines and simulated intensity: lesion level .215, 1 - SSIM .805, distance .425."""
    mean, lines = np.mean([scan.t1 for scan in healthy], axis=0), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(population.POPULATIONS, "stroke", SEATED["stroke"])
        for number in range(STROKES):
            scan, coarse, _ = prepared(demo_phantom, target, "stroke", number)
            lines.append(measure(scan.t1, scan.brain, coarse, mean, target.coarse.voxel / 1000))
    level, unlike, away = (
        np.mean([line[name] for line in lines])
        for name in ("lesion_level", "lesion_dissimilarity", "lesion_distance")
    )
    assert 0.15 < level < 0.30
    assert 0.60 < unlike < 0.90
    assert 0.28 < away < 0.48
