"""Which slices a network takes, and slices brought to another size."""

import pytest
import torch

from sadm.networks.sizes import check_size, resized
from sadm.runtime.errors import ConfigError


@pytest.mark.parametrize(
    ("shape", "levels", "fits"),
    [((8, 12), 3, True), ((8, 12), 4, False), ((7, 9), 1, True), ((6, 8), 3, False)],
)
def test_slices_can_be_halved_at_each_level_but_the_last(
    shape: tuple[int, int], levels: int, fits: bool
) -> None:
    image = torch.zeros(1, 1, *shape)
    if fits:
        check_size(image, levels)
        return
    with pytest.raises(ConfigError, match=f"multiples of {2 ** (levels - 1)}"):
        check_size(image, levels)


def test_resized_keeps_a_plane_that_is_flat() -> None:
    flat = torch.full((2, 3, 5, 7), 0.25)
    assert torch.allclose(resized(flat, 10, 4), torch.full((2, 3, 10, 4), 0.25))
    assert resized(flat, 5, 7).shape == flat.shape
