"""Convolutional autoencoder with a dense bottleneck: the network of AE and VAE (Baur et al. 2021).

In the layers of the Hamburg port: each stage halves the slice by a 5x5 convolution, a 1x1
convolution leaves ``maps`` channels for the dense layer of the code, and the decoder mirrors it. At 96x96 and four stages
1,511,425 parameters with one code and 1,587,361 with two (mean and log deviation); with three stages 1,520,001 and 1,817,121.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from sadm.study import fits


class AutoEncoder(nn.Module):
    """Slices [B, 1, X, Y] to ``codes`` codes [B, latent] each, and a code back to a slice (linear output).

    ``shape``: (X, Y), multiples of 2^stages, ConfigError otherwise; ``channels``: of the encoder's stages; ``dropout``: share
    of the decoder's dense features that training sets to 0.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        channels: Sequence[int] = (32, 64, 128, 128),
        maps: int = 16,
        latent: int = 128,
        dropout: float = 0.2,
        codes: int = 1,
    ) -> None:
        super().__init__()
        fits.autoencoder(shape, channels)
        self.channels, self.dropout = channels, dropout
        inner, last = (maps, *(size >> len(channels) for size in shape)), channels[-1]
        flat = inner[0] * inner[1] * inner[2]
        self.encoder = nn.Sequential(*(down(*pair) for pair in pairwise((1, *channels))))
        self.heads = nn.ModuleList(
            nn.Sequential(pointwise(last, maps), nn.Flatten(), nn.Linear(flat, latent)) for _ in range(codes)
        )
        self.dense = nn.Linear(latent, flat)
        widths = [last, *(max(channels[0], last >> stage) for stage in range(len(channels)))]
        self.decoder = nn.Sequential(
            nn.Unflatten(1, inner),
            *activated(maps),
            pointwise(maps, last),
            *(up(*pair) for pair in pairwise(widths)),
            nn.Conv2d(widths[-1], 1, 1),
        )

    def encode(self, image: Tensor) -> list[Tensor]:
        """Codes, each float32 [B, latent], of ``image`` [B, 1, X, Y]."""
        fits.autoencoder(image.shape[2:], self.channels)
        features = self.encoder(image)
        return [head(features).float() for head in self.heads]

    def decode(self, code: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Slices, float32 [B, 1, X, Y], of ``code`` [B, latent]; in training mode ``generator`` decides what is dropped."""
        out: Tensor = self.decoder(self._drop(self.dense(code), generator))
        return out.float()

    def _drop(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        if not self.training or self.dropout == 0:
            return x
        if generator is None:
            raise ValueError("dropout needs a generator in training mode")
        kept = torch.rand(x.shape, generator=generator, device=x.device) >= self.dropout
        return x * kept / (1 - self.dropout)


def activated(channels: int) -> tuple[nn.Module, nn.Module]:
    """Batch normalisation and activation."""
    return nn.BatchNorm2d(channels), nn.LeakyReLU(0.01, inplace=True)


def pointwise(inputs: int, outputs: int) -> nn.Sequential:
    """[B, inputs, H, W] -> [B, outputs, H, W]."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), *activated(outputs))


def down(inputs: int, outputs: int) -> nn.Sequential:
    """[B, inputs, H, W] -> [B, outputs, H / 2, W / 2]."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 5, 2, padding=2, bias=False), *activated(outputs))


def up(inputs: int, outputs: int) -> nn.Sequential:
    """[B, inputs, H, W] -> [B, outputs, 2 H, 2 W]."""
    conv = nn.ConvTranspose2d(inputs, outputs, 5, 2, padding=2, output_padding=1, bias=False)
    return nn.Sequential(conv, *activated(outputs))
