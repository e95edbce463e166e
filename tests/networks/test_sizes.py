"""Slices brought to another size."""

import torch

from sadm.networks.sizes import resized


def test_resized_keeps_a_plane_that_is_flat() -> None:
    flat = torch.full((2, 3, 5, 7), 0.25)
    assert torch.allclose(resized(flat, 10, 4), torch.full((2, 3, 10, 4), 0.25))
    assert resized(flat, 5, 7).shape == flat.shape
