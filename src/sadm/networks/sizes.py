"""The size of a slice that a U-Net takes."""

from torch import Tensor

from sadm.errors import ConfigError


def check_size(x: Tensor, levels: int) -> None:
    """ConfigError unless height and width of ``x`` [B, C, H, W] can be halved ``levels`` - 1 times."""
    factor = 2 ** (levels - 1)
    if x.shape[2] % factor or x.shape[3] % factor:
        raise ConfigError(
            f"Slices of {x.shape[2]}x{x.shape[3]} pixels do not fit a U-Net of {levels} levels.",
            cause=f"both sizes must be multiples of {factor}",
            fix="choose another grid, or fewer channels",
        )
