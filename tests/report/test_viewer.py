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


def test_the_most_telling_slice_counts_what_was_found_twice() -> None:
    label, found = np.zeros((2, 3, 4, 5), dtype=bool)
    label[0, :, 0] = True  # 15 voxels, none found
    label[1, :2] = True  # 40, of which 20 are found
    label[2, 3] = True
    found[1, 0] = True
    assert viewer.telling(label, found)[0] == 1
    found[:] = False
    label[0] = True
    assert viewer.telling(label, found) == [0, 0, 0]
