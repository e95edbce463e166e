"""The size of a slice that a network of several levels takes."""

from torch import Tensor

from sadm.errors import ConfigError


def check_size(x: Tensor, levels: int, network: str = "a U-Net") -> None:
    """ConfigError, about ``network``, unless height and width of ``x`` [B, C, H, W] can be halved ``levels`` - 1 times."""
    factor = 2 ** (levels - 1)
    if x.shape[2] % factor or x.shape[3] % factor:
        raise ConfigError(
            f"Slices of {x.shape[2]}x{x.shape[3]} pixels do not fit {network} of {levels} levels.",
            cause=f"both sizes must be multiples of {factor}",
            fix="choose another grid, or fewer channels",
        )
