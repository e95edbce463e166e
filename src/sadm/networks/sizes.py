"""The size of a slice that a network of several levels takes."""

from torch import Tensor
from torch.nn.functional import interpolate

from sadm.runtime.errors import ConfigError


def check_size(x: Tensor, levels: int, network: str = "a U-Net") -> None:
    """ConfigError, about ``network``, unless height and width of ``x`` [B, C, H, W] can be halved ``levels`` - 1 times."""
    factor = 2 ** (levels - 1)
    if x.shape[2] % factor or x.shape[3] % factor:
        raise ConfigError(
            f"Slices of {x.shape[2]}x{x.shape[3]} pixels do not fit {network} of {levels} levels.",
            cause=f"both sizes must be multiples of {factor}",
            fix="choose another grid, or fewer channels",
        )


def resized(x: Tensor, height: int, width: int) -> Tensor:
    """[B, C, H, W] -> [B, C, height, width], bilinear, corners on corners."""
    return interpolate(x, (height, width), mode="bilinear", align_corners=True)
