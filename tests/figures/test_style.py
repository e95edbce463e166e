"""Colours that all readers can tell apart."""

from itertools import combinations

import numpy as np
import pytest
from skimage.color import rgb2lab

from sadm.figures.style import COLOURS

# Linear RGB as protanopes, deuteranopes and tritanopes see it (Machado, Oliveira and Fernandes 2009, severity 1).
SEEN = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip  # fmt: skip


@pytest.mark.parametrize("kind", SEEN)
def test_colours_differ_for_colour_blind_readers(kind: str):
    """CIE76 distance of at least 15 between any two: 2 is just noticeable."""
    rgb = np.array([[int(name[k : k + 2], 16) / 255 for k in (1, 3, 5)] for name in COLOURS])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(SEEN[kind]).T, 0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)[None])[0]
    near = {(a, b): np.linalg.norm(lab[a] - lab[b]) for a, b in combinations(range(len(lab)), 2)}
    assert min(near.values()) > 15, min(near, key=near.__getitem__)
