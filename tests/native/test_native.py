"""Covers sadm.native.native_map, sadm.native.native_mask: back to the scan's own space: there and back keeps lesions; the scan's header to the bit; scores where they belong."""

import gzip
from dataclasses import asdict
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.cohort.packed import Part, load_packed, members
from sadm.evaluation.volumes import TableRow
from sadm.native.native_map import native_map, threshold
from sadm.native.native_mask import native_mask, save_like
from sadm.prediction.maps import Origin, write_maps
from sadm.preprocess.derivative import sidecar
from sadm.preprocess.label import keep_volume, share
from sadm.preprocess.quality import dice
from sadm.preprocess.register import register
from sadm.preprocess.space import Grid, carry_mask, read_transform, write_transform
from sadm.preprocess.target import Target
from sadm.runtime.errors import DataError
from sadm.runtime.files import load_nifti, read_json, save_nifti, write_text
from sadm.study.keys import Registration

SIZE = {"shape": [192, 192, 160], "spacing": 1.0}
RAW = {"t1": "bids:raw:b/t1.nii"}
ROW = TableRow("SADM", ["u", "p"], 0, 1, 0.5)
HEAD = "row\tfold\tseed\ttestset\tkind\tvalue\n"
MM1, MM2 = SIZE | {"downsample": 1, "crop": 0}, SIZE | {"downsample": 2, "crop": 15}


def oblique(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> np.ndarray:
    """Affine of a scan that lies 20 and 14 degrees askew, axes PSR, its centre near the world's."""
    a, b = np.radians([20, -14])
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    turn = turn @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.array([[0, 0, 1], [-1, 0, 0], [0, 1, 0]]) @ np.diag(spacing)
    affine[:3, 3] = [3, 1, 10] - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine


def lesions(grid: Grid, seed: int, count: int) -> list[np.ndarray]:
    """Ragged lesions of 1 ml and more inside the head, bool on ``grid``."""
    rng, found = np.random.default_rng(seed), []
    x, y, z = (
        axis.reshape(grid.shape)
        for axis in grid.affine[:3, :3] @ np.indices(grid.shape).reshape(3, -1) + grid.affine[:3, 3:]
    )
    for _ in range(count):
        cx, cy, cz = rng.uniform(-35, 35, 3)
        radius = rng.uniform(7, 16) * (1 + 0.2 * np.sin(x / 3 + cx) * np.cos(y / 4) + 0.15 * np.sin(z / 2.5))
        found.append(((x - cx) / 1.3) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 < radius**2)
    return found


def there_and_back(
    label: np.ndarray, t1: str, refined: str, template: nib.Nifti1Image, grid: dict, folder: Path
) -> float:
    """Dice of ``label`` on the voxels of ``t1`` with itself after it was brought to the study's grid and back."""
    target = Target.of(template, **grid)
    image = nib.Nifti1Image(label.astype(np.float32), load_nifti(t1).affine)
    there = keep_volume(target.reduce(share(image, target.fine, read_transform(refined))))
    save_nifti(there, target.coarse.affine, folder / "there.nii.gz")
    outputs = {name: str(folder / f"back_{name}.nii.gz") for name in ("brain", "lesion")}
    there_file = str(folder / "there.nii.gz")
    native_mask(t1, there_file, refined, there_file, refined, outputs, raw=RAW)
    return dice(np.asarray(load_nifti(outputs["lesion"]).dataobj), label)


@pytest.fixture
def scan(planted, tmp_path):
    """A scan with an oblique header of 1 mm, and the file of the affine ``planted`` between it and SRI24."""
    grid = Grid((180, 200, 190), oblique((180, 200, 190), (1.0, 1.0, 1.0)))
    save_nifti(np.ones(grid.shape, dtype=np.float32), grid.affine, tmp_path / "t1.nii.gz")
    write_transform(planted, tmp_path / "refined.mat")
    return grid, str(tmp_path / "t1.nii.gz"), str(tmp_path / "refined.mat")


def test_there_and_back_at_1_mm_keeps_lesions(scan, phantom, tmp_path):
    grid, t1, refined = scan
    for label in lesions(grid, 0, 4):
        assert np.count_nonzero(label) * grid.voxel >= 1000
        assert there_and_back(label, t1, refined, phantom.brain, MM1, tmp_path) >= 0.97


def test_there_and_back_at_the_papers_2_mm_loses_the_border_alone(scan, phantom, tmp_path):
    grid, t1, refined = scan
    (label,) = lesions(grid, 1, 1)
    assert 0.90 < there_and_back(label, t1, refined, phantom.brain, MM2 | {"crop": 0}, tmp_path) < 0.99


def test_the_wrong_direction_of_a_transform_would_be_seen(scan, planted, phantom, tmp_path):
    grid = scan[0]
    (label,) = lesions(grid, 0, 1)
    target = Target.of(phantom.brain, **MM1)
    image = nib.Nifti1Image(label.astype(np.float32), grid.affine)
    there = carry_mask(image, target.fine, planted)
    wrong = carry_mask(nib.Nifti1Image(there.astype(np.uint8), target.fine.affine), grid, planted)
    assert dice(wrong, label) < 0.6


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_the_geometry_of_the_scan_is_kept_to_the_bit_and_its_texts_are_not(tmp_path, kind):
    affine = oblique((20, 22, 24), (1.0, 1.2, 5.5))
    image = kind(np.zeros((20, 22, 24), dtype=np.int16), affine)
    image.set_sform(affine, code=2)
    image.set_qform(affine @ np.diag([1, 1, 1, 1]), code=3)
    image.header["descrip"] = b"Mrs Secret"
    image.header["scl_slope"], image.header["scl_inter"] = 3, 7
    image.header.set_xyzt_units("mm", "sec")
    image.to_filename(tmp_path / "t1.nii")
    values = np.random.default_rng(0).normal(size=(20, 22, 24)).astype(np.float32)
    save_like(values, tmp_path / "t1.nii", tmp_path / "out.nii.gz")
    made = nib.load(tmp_path / "out.nii.gz")
    assert type(made) is kind
    for name in (
        "pixdim",
        "qform_code",
        "sform_code",
        "quatern_b",
        "qoffset_z",
        "srow_x",
        "srow_z",
        "xyzt_units",
    ):
        np.testing.assert_array_equal(made.header[name], image.header[name])
    np.testing.assert_array_equal(made.affine, nib.load(tmp_path / "t1.nii").affine)
    np.testing.assert_array_equal(np.asarray(made.dataobj), values)
    assert b"Secret" not in gzip.decompress((tmp_path / "out.nii.gz").read_bytes())


@pytest.fixture
def study(tmp_path, phantom, scan):
    """A packed data set of two scans, one of them tested, with two maps that are bright in a box; their files."""
    target = Target.of(phantom.brain, **MM2)
    depth, x, y = (target.coarse.shape[k] for k in (2, 0, 1))
    inside = carry_mask(phantom.brain, target.coarse).transpose(2, 0, 1).astype(np.uint8)
    folder = tmp_path / "packed"
    folder.mkdir()
    both = np.stack([inside, inside])
    np.save(folder / "t1.npy", both.astype(np.float16))
    np.save(folder / "brain.npy", both)
    np.save(folder / "lesion.npy", both * 0)
    write_text("dataset\tscan\tindex\nles\tsub-a\t0\nles\tsub-b\t1\n", folder / "scans.tsv")
    write_text(
        "dataset\tscan\tsubject\tfold\tset\nles\tsub-a\ta\t0\ttrain\nles\tsub-b\tb\t0\ttest\n",
        tmp_path / "splits.tsv",
    )
    write_text(
        f"{HEAD}SADM\t0\t1\tles\ttestset\t9\nSADM\t0\t1\tles\tvalidation\t1.0\n", tmp_path / "thresholds.tsv"
    )
    box = np.zeros((depth, x, y), dtype=np.float32)
    box[20:30, 40:56, 40:60] = 1
    for name, weight in (("u", 0.6), ("p", 0.9)):
        of, volume = Origin(name, 0, 1, "les", "test"), box * weight * inside
        write_maps([("sub-b", volume)], load_packed(folder), np.array([1]), of, tmp_path / name)
    save_nifti(
        inside.transpose(1, 2, 0).astype(np.float32), target.coarse.affine, tmp_path / "prepared.nii.gz"
    )
    return target, box.transpose(1, 2, 0) * inside.transpose(1, 2, 0)


def bring(tmp_path, scan, name="sub-b"):
    data = load_packed(tmp_path / "packed")
    part = Part("les", "test", data, members(data, tmp_path / "splits.tsv", 0, "test"))
    outputs = {key: str(tmp_path / f"native_{key}.nii.gz") for key in ("score", "found")}
    native_map(
        name, scan[1], str(tmp_path / "prepared.nii.gz"), scan[2], outputs,
        row=ROW, part=part, maps=[tmp_path / "p", tmp_path / "u"], thresholds=tmp_path / "thresholds.tsv",
        raw=RAW,
    )  # fmt: skip
    return outputs


def test_a_score_reaches_the_scans_voxels(tmp_path, scan, study, planted):
    target, box = study
    outputs = bring(tmp_path, scan)
    score, found = load_nifti(outputs["score"]), load_nifti(outputs["found"])
    np.testing.assert_array_equal(score.affine, load_nifti(scan[1]).affine)
    assert np.asarray(score.dataobj).max() == pytest.approx(1.5, abs=2e-3), "u + p"
    for name in outputs:
        said = read_json(sidecar(outputs[name]))
        assert (said["row"], said["fold"], said["threshold_kind"]) == ("SADM", 0, "validation")
    middle = np.append(np.argwhere(box > 0).mean(axis=0), 1)
    x, y, z = np.round(np.linalg.inv(score.affine) @ planted @ target.coarse.affine @ middle)[:3].astype(int)
    assert np.asarray(score.dataobj)[x, y, z] == pytest.approx(1.5, abs=2e-3)
    wanted = np.count_nonzero(box) * target.coarse.voxel * np.linalg.det(planted[:3, :3])
    assert np.count_nonzero(np.asarray(found.dataobj)) * scan[0].voxel == pytest.approx(wanted, rel=0.03)


def test_a_scan_that_is_not_tested_has_no_map(tmp_path, scan, study):
    with pytest.raises(DataError, match="has no map") as error:
        bring(tmp_path, scan, "sub-a")
    assert "sub-b" in str(error.value)


def test_a_threshold_that_saw_test_scans_is_never_taken(tmp_path):
    own, others = (
        "SADM\t0\t1\tles",
        ("SADM\t0\t1\tother", "SADM\t1\t1\tles", "SADM\t0\t2\tles", "AE\t0\t1\tles"),
    )
    kinds = {"testset": 9, "validation": "nan", "healthy_5": 0.2, "healthy_1": 0.4}
    lines = [f"{own}\t{kind}\t{value}\n" for kind, value in kinds.items()]
    strangers = [f"{other}\tvalidation\t7\n" for other in others]
    write_text("".join([HEAD, *lines, *strangers]), tmp_path / "t.tsv")
    assert threshold(tmp_path / "t.tsv", ROW, "les") == ("healthy_1", 0.4)
    write_text("".join([HEAD, lines[0], *strangers]), tmp_path / "t.tsv")
    with pytest.raises(DataError, match="cannot be cut"):
        threshold(tmp_path / "t.tsv", ROW, "les")


def test_there_and_back_through_a_real_registration(shared_data, template, tmp_path):
    head, brain = map(str, template)
    labels = sorted(shared_data.glob("ATLAS_2_like/Training/*/*/*/anat/*lesion_mask.nii.gz"))[:2]
    assert labels
    for label in labels:
        t1 = str(next(label.parent.glob("*_T1w.nii.gz")))
        settings = asdict(Registration())
        steps = {key: settings[key] for key in ("iterations", "retry_below", "seed")}
        start = str(tmp_path / "start.mat")
        register(t1, head, brain, start, grid=SIZE, space="native", stripped=False, **steps)
        values = np.asarray(load_nifti(label).dataobj) > 0
        assert there_and_back(values, t1, start, load_nifti(brain), MM1, tmp_path) >= 0.97


@pytest.mark.parametrize(("unit", "times"), [("meter", 0.001), ("micron", 1000)])
def test_a_scan_in_another_unit_is_read_in_mm_and_gets_its_masks_in_its_own(tmp_path, unit, times):
    affine = oblique((20, 22, 24), (2.0, 2.2, 2.5))
    image = nib.Nifti1Image(
        np.arange(20 * 22 * 24, dtype=np.int16).reshape(20, 22, 24),
        np.diag([times, times, times, 1]) @ affine,
    )
    image.header.set_xyzt_units(unit, "sec")
    image.to_filename(tmp_path / "t1.nii")
    np.testing.assert_allclose(load_nifti(tmp_path / "t1.nii").affine, affine, rtol=1e-5, atol=1e-4)
    save_like(np.ones((20, 22, 24), np.uint8), tmp_path / "t1.nii", tmp_path / "mask.nii.gz")
    raw = nib.load(tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(raw.affine, nib.load(tmp_path / "t1.nii").affine)
    assert raw.header.get_xyzt_units() == (unit, "sec")
    np.testing.assert_array_equal(
        load_nifti(tmp_path / "mask.nii.gz").affine, load_nifti(tmp_path / "t1.nii").affine
    )
