"""The student of reverse distillation, which draws a teacher's features from a code of them (Deng and Li 2022).

It mirrors a Wide-ResNet-50-2: 58,885,120 parameters up to the code and 24,917,504 after it at
the published size. The released bottleneck also declares layers that it does not use; they are left out.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from sadm.networks.imagenet import initialise, wide_bottleneck
from sadm.networks.resnet import Bottleneck

CODE_BLOCKS = 3  # bottlenecks of the one-class embedding


class Doubling(Bottleneck):
    """Bottleneck with transposed 2x2 convolutions for the 3x3 one and the shortcut: [B, outputs, 2 H, 2 W]."""

    def __init__(self, inputs: int, outputs: int) -> None:
        inner = outputs // 2
        super().__init__(inputs, inner, 2, expansion=2)
        self.conv2 = nn.ConvTranspose2d(inner, inner, 2, 2, bias=False)
        shortcut = nn.ConvTranspose2d(inputs, outputs, 2, 2, bias=False)
        self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))


class Student(nn.Module):
    """Multi-scale fusion (``gather``), one-class embedding (``code``) and decoder of a teacher's features.

    ``widths``: channels of the features, finest first, each twice those before, as each has half the size of the one before;
    ``layers``: bottlenecks of the decoder's stages, coarsest first.
    """

    def __init__(self, widths: Sequence[int] = (256, 512, 1024), layers: Sequence[int] = (3, 4, 6)) -> None:
        super().__init__()
        last, code = widths[-1], 2 * widths[-1]
        self.gather = nn.ModuleList(
            nn.Sequential(*(halving(*pair) for pair in pairwise(widths[stage:])))
            for stage in range(len(widths))
        )
        self.code = nn.Sequential(
            wide_bottleneck(last * len(widths), code, 2),
            *(wide_bottleneck(code, code) for _ in range(CODE_BLOCKS - 1)),
        )
        steps = pairwise((code, *reversed(widths)))
        self.decoder = nn.ModuleList(stage(*step, count) for step, count in zip(steps, layers, strict=True))
        self.apply(initialise)

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """``features``, finest first, drawn from their code, in the same shapes."""
        gathered = [way(feature) for way, feature in zip(self.gather, features, strict=True)]
        x, drawn = self.code(torch.cat(gathered, 1)), list[Tensor]()
        for part in self.decoder:
            x = part(x)
            drawn.insert(0, x)
        return drawn


def halving(inputs: int, outputs: int) -> nn.Sequential:
    """[B, inputs, H, W] -> [B, outputs, H / 2, W / 2]."""
    conv = nn.Conv2d(inputs, outputs, 3, 2, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def stage(inputs: int, outputs: int, count: int) -> nn.Sequential:
    """``count`` bottlenecks, the first of which doubles the size: [B, inputs, H, W] -> [B, outputs, 2 H, 2 W]."""
    rest = (wide_bottleneck(outputs, outputs) for _ in range(count - 1))
    return nn.Sequential(Doubling(inputs, outputs), *rest)


def global_distance(drawn: Tensor, wanted: Tensor) -> Tensor:
    """1 - cosine [B] of ``drawn`` and ``wanted`` [B, C, H, W], each slice's features as one vector; float32."""
    return 1 - cosine_similarity(drawn.float().flatten(1), wanted.float().flatten(1))


def pixel_distance(drawn: Tensor, wanted: Tensor) -> Tensor:
    """1 - cosine [B, 1, H, W] along the channels of ``drawn`` and ``wanted`` [B, C, H, W]; float32, >= 0."""
    return (1 - cosine_similarity(drawn.float(), wanted.float())).clamp_min(0)[:, None]
