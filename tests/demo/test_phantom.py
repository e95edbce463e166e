"""Covers sadm.demo.phantom, sadm.demo.neck: what all heads of the demo share."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.demo.phantom import BELOW, Phantom


def test_laws_of_the_phantom(demo_phantom: Phantom, template: tuple[Path, Path]) -> None:
    """Tissues have their values, the brain keeps its volume, depth is 0 at the hull, the world is SRI24's."""
    inside = demo_phantom.brain > 0.5
    volume = inside.sum() * demo_phantom.step**3
    brain = nib.load(template[1])
    assert volume == pytest.approx(np.count_nonzero(brain.get_fdata()), rel=0.03)
    low, grey, white = np.percentile(demo_phantom.head[inside], [2, 40, 85])
    assert low < 0.35
    assert 0.6 < grey < 0.78
    assert 0.95 < white < 1.05
    np.testing.assert_allclose(demo_phantom.world, brain.affine)
    depth, cortex = demo_phantom.guides[:2]
    assert depth.max() > 45
    assert depth.min() < -20
    assert cortex[60, 55, 60] > 0.95  # centre of the cerebrum
    assert cortex[60, 40, 10] < 0.05  # cerebellum


def test_the_phantom_has_a_neck(demo_phantom: Phantom) -> None:
    """Below SRI24's lowest slice there is tissue about an airway, and background beside it."""
    k = round((-20 - demo_phantom.corner[2]) / demo_phantom.step)
    at = {name: demo_phantom.head[round((x + demo_phantom.step) / demo_phantom.step), round((y + demo_phantom.step) / demo_phantom.step), k]
          for name, (x, y) in {"airway": (120, 130), "cord": (120, 93), "outside": (20, 120)}.items()}  # fmt: skip
    assert at["airway"] < 0.15
    assert at["cord"] > 0.7
    assert at["outside"] < 0.05
    assert BELOW > 60
