"""Values in one range: what a scan's scale, offset, background and outliers are plays no part."""

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from sadm.preprocess.intensities import TOP, Intensities, content, stripped_ml

INSIDE = ndimage.distance_transform_edt(
    ((np.indices((40, 44, 36)) - np.array([20, 22, 18])[:, None, None, None]) ** 2).sum(axis=0) < 14**2
)
RANDOM = np.random.default_rng(0)
BRAIN = np.where(INSIDE > 0, 40 + 60 * INSIDE + RANDOM.normal(0, 5, INSIDE.shape), 0).astype(np.float32)
NOISY = BRAIN + np.abs(RANDOM.normal(0, 4, BRAIN.shape)).astype(np.float32)


def zscored(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    return np.where(inside, (values - values[inside].mean()) / values[inside].std(), 0)


def spiked(values: np.ndarray, by: float) -> np.ndarray:
    out = values.copy()
    out[20, 22, 18] = by
    return out


VARIANTS = {
    "shifted down": lambda v: v - 1024,
    "shifted up": lambda v: v + 5000,
    "scaled": lambda v: v * 1e-4,
    "z-scored": lambda v: (v - v.mean()) / v.std(),
    "between -1 and 1": lambda v: 2 * (v - v.min()) / (v.max() - v.min()) - 1,
    "one bright voxel": lambda v: spiked(v, 1e7),
    "one dark voxel": lambda v: spiked(v, -1e7),
    "z-scored, one bright voxel": lambda v: spiked((v - v.mean()) / v.std(), 1e7),
}
OF_BRAIN = {
    "background -1024": lambda v: np.where(INSIDE > 0, v, -1024),
    "background above all": lambda v: np.where(INSIDE > 0, v, 2000),
    "z-scored within": lambda v: zscored(v, INSIDE > 0),
    "z-scored within, background -10": lambda v: np.where(INSIDE > 0, zscored(v, INSIDE > 0), -10),
}


def apart(values: np.ndarray, other: np.ndarray) -> np.ndarray:
    pair = [Intensities(each.astype(np.float32)).common() for each in (values, other)]
    return np.sort(np.abs(pair[0] - pair[1]).ravel())[:-1]  # but for the one voxel


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("scan", [BRAIN, NOISY], ids=["brain", "head in noise"])
def test_variants_of_a_scan_have_the_same_values(name: str, scan: np.ndarray) -> None:
    assert apart(scan, VARIANTS[name](scan)).max() < 0.02


@pytest.mark.parametrize("name", OF_BRAIN)
def test_what_surrounds_a_brain_counts_as_outside(name: str) -> None:
    found = Intensities(OF_BRAIN[name](BRAIN).astype(np.float32))
    assert (found.inside == (INSIDE > 0)).all()
    assert not found.common()[INSIDE == 0].any()
    assert apart(BRAIN, found.values).max() < 0.12, "the darkest of a brain is not known to be above 0"


def test_ordinary_values_are_scaled_alone() -> None:
    for scan in (BRAIN, NOISY):
        found = Intensities(scan)
        top = np.percentile(scan[found.inside], 99.9)
        np.testing.assert_allclose(found.common(), np.clip(scan / top, 0, TOP), atol=1e-6)
        assert found.odd_background is None


def test_a_background_other_than_0_is_named() -> None:
    assert Intensities(OF_BRAIN["background -1024"](BRAIN).astype(np.float32)).odd_background == -1024
    assert Intensities((NOISY + 7).astype(np.float32)).background is None


def test_tissue_of_the_background_s_value_is_no_background() -> None:
    values = zscored(BRAIN, INSIDE > 0).astype(np.float32)
    values[20, 22, 18] = 0
    assert Intensities(values).inside[20, 22, 18]


def test_an_inverted_scan_keeps_its_order() -> None:
    found = Intensities(-BRAIN).common()
    assert np.corrcoef(found[INSIDE > 0], -BRAIN[INSIDE > 0])[0, 1] > 0.99
    assert not found[INSIDE == 0].any()


def test_a_constant_is_no_error() -> None:
    assert np.isfinite(Intensities(np.full((4, 4, 4), 3, dtype=np.float32)).common()).all()


@pytest.mark.parametrize("background", [0, -1024, 7])
def test_largest_part_with_holes_filled(background: int) -> None:
    volume = np.full((12, 12, 12), background, dtype=np.float32)
    volume[2:9, 2:9, 2:9] = 5
    volume[5, 5, 5] = background
    volume[11, 11, 11] = 8
    found = content(nib.Nifti1Image(volume, np.eye(4)))
    assert found.sum() == 7**3
    assert found[5, 5, 5]
    assert not found[11, 11, 11]


def test_a_brain_alone_is_told_from_a_head() -> None:
    affine = np.diag([4.4, 4.4, 4.4, 1])  # 14 voxels of radius: 1,000 ml
    assert stripped_ml(nib.Nifti1Image(BRAIN, affine)) == pytest.approx(980, rel=0.05)
    assert stripped_ml(nib.Nifti1Image(BRAIN - 1024, affine)) == pytest.approx(980, rel=0.05)
    assert stripped_ml(nib.Nifti1Image(BRAIN, np.diag([7.0, 7, 7, 1]))) is None, "a head has more"
    assert stripped_ml(nib.Nifti1Image(NOISY, affine)) is None, "noise surrounds it"
