"""Segmentation U-Net of SADM's second stage: the denoising auto-encoder's U-Net, single-input or siamese.

Convolutions have standardised weights and reflection padding,
the activation comes before the group normalisation (Kascenas et al. 2022). The siamese form applies one encoder to the
residual and to the input and joins their features at each level. Depth 4 siamese is the released network, 16,736,705
parameters; the paper describes depth 3.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sadm.study import fits


class StandardisedConv(nn.Conv2d):
    """3x3 convolution whose filters have mean 0 and standard deviation 1 (Qiao et al. 2019)."""

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H + 2, W + 2] -> [B, outputs, H, W]."""
        deviation, mean = torch.std_mean(self.weight, dim=(1, 2, 3), keepdim=True)
        return F.conv2d(x, (self.weight - mean) / (deviation + 1e-5), self.bias)


class ConvBlock(nn.Module):
    """Twice: reflection padding, standardised convolution, SiLU, group normalisation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for source in (inputs, outputs):
            conv = StandardisedConv(source, outputs, 3)
            layers += [nn.ReflectionPad2d(1), conv, nn.SiLU(), nn.GroupNorm(middle_divisor(outputs), outputs)]
        self.block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H, W]."""
        out: Tensor = self.block(x)
        return out


class Up(nn.Module):
    """Transposed 2x2 convolution, skip connection, block."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(inputs, outputs, 2, 2)
        self.conv_block = ConvBlock(2 * outputs, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """[B, inputs, H, W] and [B, outputs, 2 H, 2 W] -> [B, outputs, 2 H, 2 W]."""
        out: Tensor = self.conv_block(torch.cat([self.up(x), skip], 1))
        return out


class SegUNet(nn.Module):
    """Logits [B, 1, H, W] of an anomaly in each pixel.

    ``channels``: of the encoder's levels; H and W must be multiples of 2^(levels - 1), from 2^levels on, ConfigError
    otherwise. ``siamese``: the net also gets a residual, and its decoder is twice as wide.
    """

    def __init__(self, channels: Sequence[int] = (64, 128, 256), siamese: bool = False) -> None:
        super().__init__()
        self.siamese, self.channels = siamese, channels
        self.down_path = nn.ModuleList(
            ConvBlock(*pair) for pair in zip((1, *channels[:-1]), channels, strict=True)
        )
        widths = [width * (1 + siamese) for width in reversed(channels)]
        self.up_path = nn.ModuleList(Up(*pair) for pair in pairwise(widths))
        self.last = nn.Conv2d(widths[-1], 1, 1)

    def forward(self, image: Tensor, residual: Tensor | None = None) -> Tensor:
        """Logits of ``image`` [B, 1, H, W] in about [0, 1]; ``residual``: image - reconstruction (signed), if siamese."""
        fits.seg_unet(image.shape[2:], self.channels)
        skips = self.encode(image if residual is None else torch.cat([residual, image]))
        if residual is not None:
            skips = [torch.cat(level.chunk(2), 1) for level in skips]
        x = skips.pop()
        for up in self.up_path:
            x = up(x, skips.pop())
        out: Tensor = self.last(x)
        return out

    def encode(self, x: Tensor) -> list[Tensor]:
        """Features of every level, finest first; the last is the bottleneck."""
        features: list[Tensor] = []
        for level in self.down_path:
            x = level(F.avg_pool2d(x, 2) if features else x)
            features.append(x)
        return features


def middle_divisor(channels: int) -> int:
    """Groups of a normalisation: the middle one of the sorted divisors (64 -> 8, 128 -> 16, 256 -> 16, 512 -> 32)."""
    divisors = [number for number in range(1, channels + 1) if channels % number == 0]
    return divisors[len(divisors) // 2]
