"""Covers sadm.data.ixi, sadm.data.brats, sadm.data.atlas: they read official trees of synthetic heads."""

from pathlib import Path

import nibabel as nib
import numpy as np
from synthetic_trees import oriented, write_atlas, write_brats, write_ixi

from sadm.data import atlas, brats, ixi
from sadm.demo.phantom import Phantom


def test_orienting_keeps_world_positions() -> None:
    """A turned volume has each value at the same place in the world."""
    volume = np.zeros((5, 6, 7))
    volume[1, 4, 2] = 1
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    turned, moved = oriented(volume, affine, "PSR")
    assert nib.aff2axcodes(moved) == ("P", "S", "R")
    where = np.argwhere(turned == 1)[0]
    np.testing.assert_allclose(moved @ [*where, 1], affine @ [1, 4, 2, 1])


def test_trees_are_official(demo_phantom: Phantom, tmp_path: Path) -> None:
    """The importers of IXI, BraTS and ATLAS read the trees that the maker writes."""
    made = {
        "ixi": write_ixi(tmp_path / "i", 2, demo_phantom, 1),
        "brats": write_brats(tmp_path / "b", 1, demo_phantom, 1),
        "atlas": write_atlas(tmp_path / "a", 1, demo_phantom, 1),
    }
    assert made["ixi"][0].name == "IXI002-Guys-0828-T1.nii.gz"
    found = ixi.listed("ixi", {"path": str(tmp_path / "i"), "table": ""})
    assert [s.t1 for s in found] == [str(p) for p in made["ixi"]]
    assert len((tmp_path / "i" / "IXI.csv").read_text().splitlines()) == 3
    people = ixi.demographics({"path": str(tmp_path / "i"), "table": ""})
    assert people["IXI002"]["sex"] == "M"
    assert nib.aff2axcodes(nib.load(found[0].t1).affine) == ("P", "S", "R")
    for module, name, folder in ((brats, "brats", "b"), (atlas, "atlas", "a")):
        (scan,) = module.listed(name, {"path": str(tmp_path / folder), "table": ""})
        assert scan.t1 == str(made[name][0])
        t1, label = nib.load(scan.t1), nib.load(scan.lesion)
        np.testing.assert_array_equal(t1.affine, label.affine)
        assert t1.shape == label.shape
        assert set(np.unique(label.dataobj)) <= ({0, 1, 2, 4} if name == "brats" else {0, 1})
        assert np.any(label.dataobj)
