"""Images and features of another size."""

from torch import Tensor
from torch.nn.functional import interpolate


def resized(x: Tensor, height: int, width: int) -> Tensor:
    """[B, C, H, W] -> [B, C, height, width], bilinear, corners on corners."""
    return interpolate(x, (height, width), mode="bilinear", align_corners=True)
