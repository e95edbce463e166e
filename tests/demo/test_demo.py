"""Laws of the demo's heads: seeds, masks, volumes, positions, trees."""

import csv
from dataclasses import asdict
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from sadm.data import atlas as atlas_importer
from sadm.data import brats, demo, ixi
from sadm.demo.phantom import BELOW, Template
from sadm.demo.population import POPULATIONS, SCANNERS
from sadm.demo.synthetic_head import Head, make_head, write_head
from sadm.demo.trees import oriented, write_atlas, write_brats, write_ixi

KINDS = ("healthy", "tumour", "stroke")


@pytest.fixture(scope="session")
def heads(template: Template) -> dict[str, list[Head]]:
    """Three heads of each kind."""
    scanners = list(SCANNERS)
    return {kind: [make_head(template, 7 + n, kind, scanners[n]) for n in range(3)] for kind in KINDS}


def _ml(mask: np.ndarray, affine: np.ndarray) -> float:
    return float(np.count_nonzero(mask) * abs(np.linalg.det(affine[:3, :3])) / 1000)


def _dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def test_template_laws(template: Template, atlas: tuple[Path, Path]) -> None:
    """Tissues have their values, the brain keeps its volume, depth is 0 at the hull, the world is the atlas's."""
    inside = template.brain > 0.5
    volume = inside.sum() * template.step**3
    brain = nib.load(atlas[1])
    assert volume == pytest.approx(np.count_nonzero(brain.get_fdata()), rel=0.03)
    low, grey, white = np.percentile(template.head[inside], [2, 40, 85])
    assert low < 0.35
    assert 0.6 < grey < 0.78
    assert 0.95 < white < 1.05
    np.testing.assert_allclose(template.world, brain.affine)
    depth, cortex = template.guides[:2]
    assert depth.max() > 45
    assert depth.min() < -20
    assert cortex[60, 55, 60] > 0.95  # centre of the cerebrum
    assert cortex[60, 40, 10] < 0.05  # cerebellum


def test_template_has_a_neck(template: Template) -> None:
    """Below the atlas's lowest slice there is tissue about an airway, and background beside it."""
    k = round((-20 - template.corner[2]) / template.step)
    at = {name: template.head[round((x + template.step) / template.step), round((y + template.step) / template.step), k]
          for name, (x, y) in {"airway": (120, 130), "cord": (120, 93), "outside": (20, 120)}.items()}  # fmt: skip
    assert at["airway"] < 0.15
    assert at["cord"] > 0.7
    assert at["outside"] < 0.05
    assert BELOW > 60


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_bytes(template_file: Path, tmp_path: Path, kind: str) -> None:
    """The files of a head are equal byte by byte when made again, and differ between names."""
    files = {}
    for run, name in (("a", "sub-1"), ("b", "sub-1"), ("c", "sub-2")):
        t1, lesion = tmp_path / f"{run}_T1w.nii.gz", tmp_path / f"{run}_mask.nii.gz"
        write_head(template_file, kind, "beta", 5, name, t1, lesion)
        files[run] = (t1.read_bytes(), lesion.read_bytes())
    assert files["a"] == files["b"]
    assert files["a"][0] != files["c"][0]


def test_seeds_and_sites_differ(heads: dict[str, list[Head]]) -> None:
    """Another site has other voxels; native heads keep their skull."""
    sizes = {tuple(np.diag(h.affine)[:3]) for h in heads["healthy"]}
    assert len(sizes) == 3
    for head in heads["healthy"] + heads["stroke"]:
        around = ndimage.binary_dilation(head.brain, iterations=7) & ~ndimage.binary_dilation(
            head.brain, iterations=2
        )
        assert head.image[around].mean() > 0.2 * head.image[head.brain].mean()


def test_brains_and_lesions_are_plausible(heads: dict[str, list[Head]]) -> None:
    """Brain 900 to 1900 ml in one piece; lesions inside the brain and in their range; healthy labels empty."""
    ranges = {"healthy": (0, 0), "tumour": (8, 320), "stroke": (1.7, 97)}
    for kind in KINDS:
        low, high = ranges[kind]
        for head in heads[kind]:
            assert 900 < _ml(head.brain, head.affine) < 1900
            _, pieces = ndimage.label(head.brain)
            sizes = np.bincount(ndimage.label(head.brain)[0].ravel())[1:]
            assert sizes.max() > 0.995 * sizes.sum(), f"{pieces} pieces"
            assert not (head.lesion.astype(bool) & ~head.brain).any()
            assert low <= _ml(head.lesion > 0, head.affine) <= high


def test_lesions_differ_from_tissue(heads: dict[str, list[Head]]) -> None:
    """A chronic stroke is darker than three quarters of the brain; a tumour's labels are BraTS's."""
    for head in heads["stroke"]:
        assert np.median(head.image[head.lesion > 0]) < np.percentile(head.image[head.brain], 25)
    for head in heads["tumour"]:
        assert set(np.unique(head.lesion)) <= {0, 1, 2, 4}
        assert 4 in head.lesion


def test_strokes_keep_to_a_hemisphere(template: Template) -> None:
    """The drawn volume is met, and at least nine tenths of a stroke lie on one side of the head's midline."""
    for number in range(4):
        head = make_head(template, 40 + number, "stroke", "alpha")
        x = np.nonzero(head.lesion)[0] - np.nonzero(head.brain)[0].mean()
        assert max((x > -4).mean(), (x < 4).mean()) > 0.9


def test_tumours_align_with_the_atlas(heads: dict[str, list[Head]], atlas: tuple[Path, Path]) -> None:
    """In world space a tumour head's brain lies on the atlas's, LPS as in BraTS, and it is stripped."""
    target = nib.load(atlas[1])
    brain = np.asarray(target.dataobj) > 0
    for head in heads["tumour"]:
        assert nib.aff2axcodes(head.affine) == ("L", "P", "S")
        assert head.image.shape == (120, 120, 78)
        assert np.array_equal(head.image > 0, head.brain)
        to_atlas = np.linalg.inv(target.affine) @ head.affine
        index = np.indices(head.brain.shape).reshape(3, -1)
        points = to_atlas[:3, :3] @ index + to_atlas[:3, 3:]
        there = (
            ndimage.map_coordinates(brain.astype(np.float32), points, order=1).reshape(head.brain.shape) > 0.5
        )
        assert _dice(head.brain, there) > 0.88
        mirrored = there[::-1]
        assert _dice(head.brain, mirrored) < _dice(head.brain, there) + 0.02


def test_statistics_of_contrast(heads: dict[str, list[Head]]) -> None:
    """Spread and sharpness stay near real scans: IXI std .24 of the p1-p99 range, BraTS .19."""
    for kind, (low, high) in {
        "healthy": (0.19, 0.28),
        "stroke": (0.19, 0.28),
        "tumour": (0.13, 0.25),
    }.items():
        spread = []
        for head in heads[kind]:
            values = head.image[head.brain]
            first, last = np.percentile(values, [1, 99])
            spread.append(np.clip((values - first) / (last - first), 0, 1).std())
        assert low < np.mean(spread) < high


def test_populations_are_known_to_the_importer() -> None:
    """Kinds and sites have one meaning in importer and maker."""
    assert set(demo.AGES) == set(POPULATIONS)
    assert set(demo.SITES) == set(SCANNERS)
    stripped = {kind for kind, facts in demo.BY_OPTION["kind"].items() if facts["STRIPPED"]}
    assert stripped == {kind for kind, population in POPULATIONS.items() if not population.native}


def test_importer_lists_what_will_be_made() -> None:
    """Names, paths and subjects; a larger count keeps the first heads."""
    some, more = (demo.scans("mine", {"kind": "stroke", "count": n, "path": "results/demo"}) for n in (3, 40))
    assert more[:3] == some
    assert some[0].name == "sub-stroke001"
    assert some[0].t1 == "results/demo/mine/sub-stroke001_T1w.nii.gz"
    assert some[0].lesion == "results/demo/mine/sub-stroke001_label-lesion_mask.nii.gz"
    assert {s.site for s in more} == set(demo.SITES)
    assert {s.sex for s in more} == {"M", "F"}
    assert all(40 <= int(s.age) <= 88 for s in more)
    assert len({s.age for s in more}) > 10
    assert not any(s.lesion for s in demo.scans("h", {"kind": "healthy", "count": 2, "path": "p"}))


def test_importer_and_rule_agree_on_names() -> None:
    """With the default path, the rule demo_head makes the very files that the importer lists."""
    rule = (Path(__file__).parents[2] / "workflow/rules/demo.smk").read_text(encoding="utf-8")
    (scan,) = demo.scans("mine", asdict(demo.Options(kind="stroke", count=1)))
    for path in (scan.t1, scan.lesion):
        assert f'"{path.replace("/mine/", "/{dataset}/").replace(scan.name, "{scan}")}"' in rule


def test_orienting_keeps_world_positions() -> None:
    """A turned volume has each value at the same place in the world."""
    volume = np.zeros((5, 6, 7))
    volume[1, 4, 2] = 1
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    turned, moved = oriented(volume, affine, "PSR")
    assert nib.aff2axcodes(moved) == ("P", "S", "R")
    where = np.argwhere(turned == 1)[0]
    np.testing.assert_allclose(moved @ [*where, 1], affine @ [1, 4, 2, 1])


def test_trees_are_official(template: Template, tmp_path: Path) -> None:
    """The importers of IXI, BraTS and ATLAS read the trees that the maker writes."""
    made = {
        "ixi": write_ixi(tmp_path / "i", 2, template, 1),
        "brats": write_brats(tmp_path / "b", 1, template, 1),
        "atlas": write_atlas(tmp_path / "a", 1, template, 1),
    }
    assert made["ixi"][0].name == "IXI002-Guys-0828-T1.nii.gz"
    found = ixi.scans("ixi", {"path": str(tmp_path / "i"), "table": ""})
    assert [s.t1 for s in found] == [str(p) for p in made["ixi"]]
    with open(tmp_path / "i" / "IXI.csv", encoding="utf-8") as table:
        assert len(list(csv.DictReader(table))) == 2
    people = ixi.demographics({"path": str(tmp_path / "i"), "table": ""})
    assert people["IXI002"]["sex"] == "M"
    assert nib.aff2axcodes(nib.load(found[0].t1).affine) == ("P", "S", "R")
    for module, name, folder in ((brats, "brats", "b"), (atlas_importer, "atlas", "a")):
        (scan,) = module.scans(name, {"path": str(tmp_path / folder), "table": ""})
        assert scan.t1 == str(made[name][0])
        t1, label = nib.load(scan.t1), nib.load(scan.lesion)
        np.testing.assert_array_equal(t1.affine, label.affine)
        assert t1.shape == label.shape
        assert set(np.unique(label.dataobj)) <= ({0, 1, 2, 4} if name == "brats" else {0, 1})
        assert np.any(label.dataobj)
