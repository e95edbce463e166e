"""The picture of a scan: small, the same bytes twice, outlines where the masks end."""

import numpy as np
from PIL import Image

from sadm.preprocess.thumbnail import outline, planes, thumbnail


def test_outline_is_the_border_inside():
    mask = np.zeros((7, 7), dtype=bool)
    mask[1:6, 1:6] = True
    found = outline(mask)
    assert found.sum() == 16
    assert not found[2:5, 2:5].any()


def test_planes_show_anterior_and_superior_up():
    volume = np.zeros((9, 9, 9))
    volume[4, 8, 8] = 1
    axial, coronal, sagittal = planes(volume, (4, 8, 8), 1)
    assert axial[0, 4] == coronal[0, 4] == sagittal[0].max() == 1


def test_at_most_40_kb_and_the_same_bytes_twice(phantom, tmp_path):
    head = np.asarray(phantom.head.dataobj, dtype=np.float32)
    noisy = head + np.random.default_rng(0).normal(0, 20, head.shape)
    brain = np.asarray(phantom.brain.dataobj) > 0
    masks = {"template": brain, "brain": brain, "lesion": np.zeros_like(brain)}
    for name in ("a.png", "b.png"):
        thumbnail(noisy, head / 800 * brain, np.ones_like(head), masks, 2, tmp_path / name)
    content = (tmp_path / "a.png").read_bytes()
    assert content == (tmp_path / "b.png").read_bytes()
    assert len(content) < 40_000
    assert Image.open(tmp_path / "a.png").mode == "P"
