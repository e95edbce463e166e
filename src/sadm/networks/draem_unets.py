"""The two networks of DRAEM (Zavrtanik et al. 2021).

The reconstructive one is an auto-encoder without skip connections, the discriminative one a U-Net. Both have blocks of two
convolutions with batch normalisation, max-pooling, and bilinear upsampling followed by a convolution. The defaults are the
reference's, 69,043,969 and 28,371,842 parameters; a level fewer halves what the size must be a multiple of.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sadm.study import fits


def convs(*channels: int) -> nn.Sequential:
    """3x3 convolution, batch normalisation and ReLU from each number of channels to the next."""
    layers: list[nn.Module] = []
    for pair in pairwise(channels):
        layers += [nn.Conv2d(*pair, 3, padding=1), nn.BatchNorm2d(pair[1]), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def doubled(x: Tensor) -> Tensor:
    """Twice the size, bilinear, corners on corners."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)


class Encoder(nn.ModuleList):
    """Blocks at ever half the size; all their features, finest first."""

    def __init__(self, inputs: int, channels: Sequence[int]) -> None:
        fits.several(channels, "DRAEM's networks")
        super().__init__(convs(*pair, pair[1]) for pair in pairwise((inputs, *channels)))
        self.channels = channels

    def forward(self, x: Tensor) -> list[Tensor]:
        """[B, inputs, H, W] -> [B, channels, H / 2^level, W / 2^level] of each level."""
        fits.draem_unets(x.shape[2:], self.channels)
        features: list[Tensor] = []
        for block in self:
            x = block(F.max_pool2d(x, 2) if features else x)
            features.append(x)
        return features


class Reconstructive(nn.Module):
    """Slice without its anomaly, [B, 1, H, W], linear. ``channels``: of the levels."""

    def __init__(self, channels: Sequence[int] = (128, 256, 512, 1024, 1024)) -> None:
        super().__init__()
        self.encoder = Encoder(1, channels)
        widths = (channels[-1], *reversed(channels[:-2]), channels[0])
        self.up = nn.ModuleList(convs(inputs, inputs) for inputs in widths[:-1])
        self.blocks = nn.ModuleList(convs(inputs, inputs, outputs) for inputs, outputs in pairwise(widths))
        self.last = nn.Conv2d(channels[0], 1, 3, padding=1)
        self.apply(initialise)

    def forward(self, image: Tensor) -> Tensor:
        """Reconstruction of ``image`` [B, 1, H, W]; H and W must be multiples of 2^(levels - 1), ConfigError otherwise."""
        x = self.encoder(image)[-1]
        for up, block in zip(self.up, self.blocks, strict=True):
            x = block(up(doubled(x)))
        out: Tensor = self.last(x)
        return out


class Discriminative(nn.Module):
    """Logits [B, 2, H, W] of healthy and anomalous. ``channels``: of the levels."""

    def __init__(self, channels: Sequence[int] = (64, 128, 256, 512, 512, 512)) -> None:
        super().__init__()
        self.encoder = Encoder(2, channels)
        widths = (channels[-1], *reversed(channels[:-2]), channels[0])
        self.up = nn.ModuleList(convs(*pair) for pair in pairwise(widths))
        self.blocks = nn.ModuleList(
            convs(width + skip, width, width)
            for width, skip in zip(widths[1:], reversed(channels[:-1]), strict=True)
        )
        self.last = nn.Conv2d(channels[0], 2, 3, padding=1)
        self.apply(initialise)

    def forward(self, reconstruction: Tensor, image: Tensor) -> Tensor:
        """Logits of ``image`` [B, 1, H, W], seen beside its ``reconstruction``; sizes as for `Reconstructive`."""
        *skips, x = self.encoder(torch.cat([reconstruction, image], 1))
        for up, block in zip(self.up, self.blocks, strict=True):
            x = block(torch.cat([up(doubled(x)), skips.pop()], 1))
        out: Tensor = self.last(x)
        return out


def initialise(module: nn.Module) -> None:
    """Weights of convolutions from N(0, .02^2), of normalisations from N(1, .02^2); the latter's shifts 0."""
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    if isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
