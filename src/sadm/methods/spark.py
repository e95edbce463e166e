"""SparK: masked pre-training of cDDPM's encoder on the healthy scans (Tian et al. 2023); makes no map.

    x_hat = D(E(x at the visible cells)),    loss = mean (x_hat - x)^2 over the pixels of the hidden cells

A cell is as large as the encoder's stride, 32 pixels; ``mask_ratio`` of them are hidden, drawn anew for each slice: 6 of 9 at
96x96. The raw intensities are predicted. cDDPM takes the encoder over (`Method.hand_over`). Open choices:
slices that no whole number of cells covers are padded alike on both sides (two cells along an axis at least), and padding
is not scored; the loss is a mean over pixels, equal to the released mean over cells where there is no padding.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from sadm.methods.base import BaseMethod, Batch, Training
from sadm.networks.masked_encoder import SparK, Visible
from sadm.networks.resnet import ResNet
from sadm.runtime.errors import ConfigError
from sadm.runtime.kinds import Blocks, Count, Dropped, Hidden, Share, Weight, Width
from sadm.study.registry import Declares

DECLARES = Declares(maps=False, fits={"masked_decoder": ("encoder_layers", "decoder_width")})


@dataclass(frozen=True)
class Hyper(Training):
    """Released code, as the paper only names the pre-training; the encoder must be that of `hyper.cddpm`."""

    epochs: Count = 1200  # passes over the training volumes
    weight_decay: Weight = 0.05  # of AdamW
    betas: tuple[Dropped, Dropped] = (0.9, 0.95)  # decay rates of AdamW's moments
    mask_ratio: Hidden = 0.65  # share of the cells that are hidden
    encoder_layers: tuple[Blocks, ...] = (3, 4, 6, 3)  # bottleneck blocks of the ResNet's stages
    encoder_width: Width = 64  # channels of the ResNet's first stage
    encoder_drop_path: Dropped = 0.05  # highest probability that training skips a ResNet block
    decoder_width: Width = 512  # channels of the decoder where it is coarsest
    augment_gamma: Share = 0.0  # probability of a random gamma
    augment_bias: Share = 0.0  # probability of a random bias field
    augment_blur: Share = 0.0  # probability of a random blur
    augment_ghosting: Share = 0.0  # probability of random ghosting


SMALL = {
    "batch": 16, "lr": 0.002, "schedule": "onecycle",
    "encoder_layers": [1, 1, 1, 1], "encoder_width": 16, "decoder_width": 128,
}  # fmt: skip


class Method(BaseMethod):
    """Encoder and decoder; see the module."""

    def __init__(
        self, hyper: Hyper, shape: tuple[int, int], needs: Mapping[str, BaseMethod] | None = None
    ) -> None:
        super().__init__(hyper, shape, needs)
        self.net = SparK(
            hyper.encoder_layers, hyper.decoder_width, hyper.encoder_width, hyper.encoder_drop_path
        )
        self.grid = tuple(max(2, -(-size // self.net.cell)) for size in shape)
        missing = [cells * self.net.cell - size for cells, size in zip(self.grid, shape)]
        self.margins = [side for m in reversed(missing) for side in (m // 2, m - m // 2)]
        total = self.grid[0] * self.grid[1]
        self.visible = min(max(round(total * (1 - hyper.mask_ratio)), 1), total - 1)

    def optimiser(self) -> torch.optim.Optimizer:
        """AdamW."""
        hyper = self.hyper
        return torch.optim.AdamW(
            self.parameters(), hyper.lr, hyper.betas, weight_decay=hyper.weight_decay, fused=True
        )

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Visible cells of ``count`` slices, bool [count, 1, M, N], as many in each."""
        total = self.grid[0] * self.grid[1]
        order = torch.rand(count, total, generator=generator, device=generator.device).argsort(1)
        return (order < self.visible).view(count, 1, *self.grid)

    def loss(self, batch: Batch) -> Tensor:
        """Mean squared error of the pixels in hidden cells, padding left out."""
        cells = self.draw(len(batch), batch.generator)
        drawn = self.net(pad(batch.image, self.margins), cells, batch.generator).float()
        crop = [-side for side in self.margins]
        hidden = pad(~Visible(cells).mask(drawn), crop)
        error = pad(drawn, crop) - batch.image
        return (error.square() * hidden).sum() / hidden.sum()

    def hand_over(self, encoder: ResNet) -> None:
        """Copy all tensors of the pre-trained encoder into ``encoder``, whose last linear layer stays as it is.

        Raises ConfigError if it has other sizes.
        """
        own, theirs = self.net.encoder.state_dict(), encoder.state_dict()
        wanted = {name: value.shape for name, value in theirs.items() if not name.startswith("fc.")}
        if wanted != {name: value.shape for name, value in own.items()}:
            fix = "give both the same encoder_layers and encoder_width"
            raise ConfigError("hyper.spark and hyper.cddpm describe different encoders.", fix=fix)
        encoder.load_state_dict(own, strict=False)
