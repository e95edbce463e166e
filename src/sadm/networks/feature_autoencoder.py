"""Autoencoder of feature maps: the trained network of FAE (Meissen et al. 2022).

At 256 features and the published channels 10,285,048 parameters.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class FeatureAutoEncoder(nn.Module):
    """Features [B, C, H, W] to features of the same shape; H and W must be multiples of 2^levels.

    ``channels``: of the encoder's levels, each of which halves H and W. ``dropout``: probability that training drops a
    channel of a level.
    """

    def __init__(self, features: int, channels: Sequence[int], dropout: float = 0.1) -> None:
        super().__init__()
        self.dropout = dropout
        inner = channels[-1]
        self.encoder = nn.ModuleList(down(*pair) for pair in pairwise((features, *channels)))
        self.middle = nn.Conv2d(inner, inner, 5, padding=2, bias=False)
        self.decoder = nn.ModuleList(up(*pair) for pair in pairwise((*reversed(channels), features)))
        self.last = nn.Conv2d(features, features, 1, bias=False)

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Reconstruction of ``x``; in training mode ``generator`` decides what is dropped, ValueError without."""
        for level in self.encoder:
            x = self._drop(level(x), generator)
        x = self.middle(x)
        for level in self.decoder:
            x = self._drop(level(x), generator)
        out: Tensor = self.last(x)
        return out

    def _drop(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        if not self.training or self.dropout == 0:
            return x
        if generator is None:
            raise ValueError("dropout needs a generator in training mode")
        drawn = torch.rand(*x.shape[:2], 1, 1, generator=generator, device=x.device)
        return x * ((drawn >= self.dropout) / (1 - self.dropout)).to(x.dtype)


def down(inputs: int, outputs: int) -> nn.Sequential:
    """[B, inputs, H, W] -> [B, outputs, H / 2, W / 2]."""
    return activated(nn.Conv2d(inputs, outputs, 5, 2, padding=2, bias=False), outputs)


def up(inputs: int, outputs: int) -> nn.Sequential:
    """[B, inputs, H, W] -> [B, outputs, 2 H, 2 W]."""
    return activated(nn.ConvTranspose2d(inputs, outputs, 6, 2, padding=2, bias=False), outputs)


def activated(conv: nn.Module, channels: int) -> nn.Sequential:
    """``conv`` with batch normalisation and activation."""
    return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.LeakyReLU(0.01, inplace=True))
