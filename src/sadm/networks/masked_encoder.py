"""SparK: masked pre-training of a convolutional encoder (Tian et al. 2023), in the sizes of cDDPM's.

Slices are tiled by cells as large as the encoder's stride. The encoder sees some cells; what a
convolution or normalisation makes of the others is set to 0 or left out, at every resolution, so that they do not count. A
light decoder fills each of four resolutions with a learnt token where nothing was seen, and draws the whole slice. Encoder
tensors have the names of `ResNet`. At the sizes of the released code 37,964,305 parameters.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from sadm.networks.resnet import EXPANSION, Bottleneck, ResNet
from sadm.study import fits


class Visible:
    """The cells that the encoder sees, ``cells`` bool [B, 1, M, N], at the resolution of any features [B, C, k M, k N]."""

    def __init__(self, cells: Tensor) -> None:
        self.cells = cells
        self._found: dict[int, tuple[Tensor, Tensor]] = {}

    def mask(self, x: Tensor) -> Tensor:
        """Visible positions, bool [B, 1, H, W], of ``x`` [B, C, H, W]."""
        return self._at(x)[0]

    def index(self, x: Tensor) -> Tensor:
        """Numbers of the visible positions of ``x`` among its B x H x W."""
        return self._at(x)[1]

    def _at(self, x: Tensor) -> tuple[Tensor, Tensor]:
        size = x.shape[2] // self.cells.shape[2]
        if size not in self._found:
            mask = self.cells.repeat_interleave(size, 2).repeat_interleave(size, 3)
            self._found[size] = mask, mask.flatten().nonzero()[:, 0]
        return self._found[size]


def normalise(norm: nn.BatchNorm2d, x: Tensor, seen: Visible) -> Tensor:
    """``norm`` of the visible positions of ``x`` [B, C, H, W], with their statistics alone; 0 at the others."""
    rows = x.permute(0, 2, 3, 1).flatten(0, 2)
    # One image of as many pixels as are visible, so that the layer itself keeps the running statistics.
    column: Tensor = norm(rows.index_select(0, seen.index(x)).T[None, :, :, None])
    out = torch.zeros_like(rows, dtype=column.dtype).index_copy(0, seen.index(x), column[0, :, :, 0].T)
    return out.unflatten(0, (len(x), *x.shape[2:])).permute(0, 3, 1, 2)


class MaskedResNet(ResNet):
    """The encoder, without its last linear layer, on the visible cells of a slice."""

    def __init__(self, layers: Sequence[int], width: int, drop_path: float) -> None:
        super().__init__(layers, width, 1, drop_path=drop_path)
        del self.fc
        self.stride = 2 ** (1 + self.stages)
        self.widths = [width * EXPANSION * 2**stage for stage in range(self.stages)]

    def features(self, x: Tensor, seen: Visible, generator: torch.Generator | None = None) -> list[Tensor]:
        """Features of every stage, finest first, 0 at hidden positions, of ``x`` [B, 1, H, W], multiples of the stride."""
        keep = self._keep(len(x), x.device, generator)
        x = self.act(normalise(self.bn1, self.conv1(x * seen.mask(x)), seen))
        x = self.maxpool(x)  # of values >= 0: hidden zeros do not win over visible ones
        x = x * seen.mask(x)
        found, index = list[Tensor](), 0
        for stage in range(self.stages):
            for block in getattr(self, f"layer{stage + 1}"):
                x = masked_block(block, x, seen, None if keep is None or index == 0 else keep[index])
                index += 1
            found.append(x)
        return found


def masked_block(block: Bottleneck, x: Tensor, seen: Visible, keep: Tensor | None) -> Tensor:
    """`Bottleneck.forward` on features that are 0 at hidden positions, which they stay."""
    shortcut = x
    if block.downsample is not None:
        conv, norm = block.downsample
        assert isinstance(norm, nn.BatchNorm2d)
        shortcut = normalise(norm, conv(x), seen)
    x = block.act(normalise(block.bn1, block.conv1(x), seen))
    x = block.act(normalise(block.bn2, block.conv2(x), seen))
    x = normalise(block.bn3, block.conv3(x), seen)
    if keep is not None:
        x = x * keep.to(x.dtype)[:, None, None, None]
    out: Tensor = block.act(x + shortcut)
    return out


class Level(nn.Module):
    """Features of one stage for the decoder: normalised, filled with a token where hidden, projected."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.token = nn.Parameter(nn.init.trunc_normal_(torch.empty(1, inputs, 1, 1), std=0.02))
        self.project = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)

    def forward(self, x: Tensor, seen: Visible) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H, W]."""
        shown = normalise(self.norm, x, seen)
        out: Tensor = self.project(torch.where(seen.mask(x), shown, self.token.to(shown.dtype)))
        return out


class UpBlock(nn.Sequential):
    """[B, inputs, H, W] -> [B, outputs, 2 H, 2 W]: transposed convolution, and two convolutions."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.ConvTranspose2d(inputs, inputs, 4, 2, padding=1),
            nn.Conv2d(inputs, inputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(inputs),
            nn.ReLU6(inplace=True),
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )


class SparK(nn.Module):
    """Slices [B, 1, H, W], multiples of `cell`, drawn from their visible cells.

    ``width``: of the decoder at its coarsest, halved at each of its stages + 1 steps: ConfigError if it cannot be.
    """

    def __init__(
        self,
        layers: Sequence[int] = (3, 4, 6, 3),
        width: int = 512,
        encoder: int = 64,
        drop_path: float = 0.05,
    ) -> None:
        super().__init__()
        self.encoder = MaskedResNet(layers, encoder, drop_path)
        self.cell = self.encoder.stride
        fits.masked_decoder((self.cell, self.cell), layers, width)
        widths = [width >> step for step in range(len(layers) + 2)]
        self.levels = nn.ModuleList(
            Level(inputs, outputs, 3 if number else 1)
            for number, (inputs, outputs) in enumerate(zip(reversed(self.encoder.widths), widths))
        )
        self.decoder = nn.ModuleList(UpBlock(*pair) for pair in pairwise(widths))
        self.last = nn.Conv2d(widths[-1], 1, 1)

    def forward(self, x: Tensor, cells: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The slices [B, 1, H, W] of which the encoder sees ``cells``, bool [B, 1, H / cell, W / cell], of ``x``."""
        seen = Visible(cells)
        features = self.encoder.features(x, seen, generator)
        drawn: Tensor | None = None
        for number, up in enumerate(self.decoder):
            if number < len(self.levels):
                level = self.levels[number](features.pop(), seen)
                drawn = level if drawn is None else drawn + level
            drawn = up(drawn)
        out: Tensor = self.last(drawn)
        return out
