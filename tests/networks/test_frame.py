"""The frame that networks see slices in: axes are named, and turning changes no value."""

import pytest
import torch

from sadm.networks.frame import FLIPPED, check, turned
from sadm.runtime.errors import ConfigError


@pytest.mark.parametrize("frame", FLIPPED)
def test_a_plane_lies_as_its_frame_says(frame: str) -> None:
    """Voxel (x, y) of RAS is the x-th from the left and the y-th from the back."""
    plane = torch.arange(12.0).view(1, 3, 4)
    x, y = (
        list(range(n)) if letter == ours else list(range(n))[::-1]
        for n, letter, ours in zip((3, 4), frame, "RA")
    )
    assert torch.equal(turned(plane, frame)[0], plane[0][x][:, y])
    assert torch.equal(turned(turned(plane, frame), frame), plane)
    assert check(frame) == frame


@pytest.mark.parametrize("frame", ["RAI", "ARS", "lps", "", None, 3, "LPSR", ["L", "P", "S"]])
def test_another_one_is_refused(frame: object) -> None:
    with pytest.raises(ConfigError, match="no frame of slices"):
        check(frame)
