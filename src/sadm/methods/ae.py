"""AE: a convolutional autoencoder with a dense code (Baur et al. 2021).

    x_hat = D(E(x)),    loss = mean |x_hat - x| over all pixels

Lesions do not pass the code of ``latent`` numbers, so the map compares the input with its reconstruction by SSIM.
Open choices: the layers are those of the Hamburg port (Baur's own code has a leaky slope of 0.3, 0.5 as
Adam's first beta, and batch normalisation that never normalises, a bug); four stages, to 6x6 at 96x96, as the port rounds
(Baur's formula gives three); dropout in the decoder's dense layer, as in the port.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from sadm.methods.base import BaseMethod, Batch, Reconstructor, Training
from sadm.networks.autoencoder import AutoEncoder
from sadm.runtime.kinds import Dropped, Width
from sadm.study.registry import Declares

DECLARES = Declares(reconstructs=True, fits={"autoencoder": ("channels",)})


@dataclass(frozen=True)
class Hyper(Training):
    """Paper, Appendix B; the network's sizes from the Hamburg port."""

    channels: tuple[Width, ...] = (
        32,
        64,
        128,
        128,
    )  # channels of the encoder's stages, each halves the slice
    maps: Width = 16  # channels that the dense layer of the code sees
    latent: Width = 128  # numbers of the code
    dropout: Dropped = 0.2  # share of the decoder's dense features that training drops


SMALL = {
    "batch": 16, "lr": 0.002, "schedule": "onecycle",
    "channels": [16, 32, 64], "latent": 64,
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip


class Method(Reconstructor):
    """Encoder and decoder; see the module. ``codes``: vectors that the encoder gives, for a subclass."""

    def __init__(
        self,
        hyper: Hyper,
        shape: tuple[int, int],
        needs: Mapping[str, BaseMethod] | None = None,
        codes: int = 1,
    ) -> None:
        super().__init__(hyper, shape, needs)
        self.net = AutoEncoder(shape, hyper.channels, hyper.maps, hyper.latent, hyper.dropout, codes)

    def code(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Code [B, latent] that ``image`` [B, 1, X, Y] is reconstructed from at test."""
        return self.net.encode(image)[0]

    def loss(self, batch: Batch) -> Tensor:
        """Mean absolute error over all pixels."""
        (code,) = self.net.encode(batch.image)
        return l1_loss(self.net.decode(code, batch.generator), batch.image)

    def reconstruct(self, volume: Tensor, generator: torch.Generator) -> Tensor:
        """Reconstruction [1, D, X, Y] of ``volume`` [D, X, Y] in [0, 1]; not clamped."""
        return self.net.decode(self.code(volume[:, None], generator))[:, 0][None]
