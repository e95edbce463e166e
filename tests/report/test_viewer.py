"""Mosaics and outlines of the viewer."""

import numpy as np

from sadm.report import viewer


def test_a_mosaic_holds_every_slice_and_edges_surround_a_mask():
    images = np.random.default_rng(0).integers(0, 255, (13, 4, 5), dtype=np.uint8)
    made = viewer.mosaic(images)
    assert made.shape == (8, 50)
    assert (made[4:8, 10:15] == images[12]).all()
    mask = np.zeros((4, 5), bool)
    mask[0, 0] = True
    assert sorted(viewer.edges(mask)) == [(0, 0, 0, 1), (0, 0, 1, 0), (0, 1, 1, 1), (1, 0, 1, 1)]
