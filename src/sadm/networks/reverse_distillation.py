"""Student of reverse distillation: from a teacher's features to one embedding, and back (Deng and Li 2022).

Sheet: baselines.md section 5. Mirrors a Wide-ResNet-50-2: 58,885,120 parameters in the bottleneck and 24,917,504 in the
decoder at the published size. The released bottleneck also declares layers that it does not use; they are left out.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sadm.networks.resnet import Bottleneck

EXPANSION = 2  # outputs of a bottleneck block by its inner width


class Fusion(nn.Module):
    """Multi-scale fusion and one-class embedding: three features to one, [B, 8 C, H / 8, W / 8] of the finest [B, C, H, W].

    ``channels``: C of the finest feature; the others have 2 C and 4 C. ``blocks``: residual blocks of the embedding.
    """

    def __init__(self, channels: int, blocks: int = 3) -> None:
        super().__init__()
        self.fine = nn.Sequential(*halved(channels, 2 * channels), *halved(2 * channels, 4 * channels))
        self.middle = nn.Sequential(*halved(2 * channels, 4 * channels))
        first = Bottleneck(12 * channels, 4 * channels, 2, EXPANSION)
        rest = (Bottleneck(8 * channels, 4 * channels, 1, EXPANSION) for _ in range(blocks - 1))
        self.embedding = nn.Sequential(first, *rest)
        self.apply(initialise)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Embedding of three ``features``, finest first."""
        fine, middle, coarse = features
        out: Tensor = self.embedding(torch.cat([self.fine(fine), self.middle(middle), coarse], 1))
        return out


class UpBottleneck(Bottleneck):
    """Bottleneck whose 3x3 convolution and shortcut are transposed 2x2 convolutions that double height and width."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__(inputs, width, 1, EXPANSION)
        outputs = EXPANSION * width
        self.conv2 = nn.ConvTranspose2d(width, width, 2, 2, bias=False)  # type: ignore[assignment]
        up = nn.ConvTranspose2d(inputs, outputs, 2, 2, bias=False)
        self.downsample = nn.Sequential(up, nn.BatchNorm2d(outputs))


class Decoder(nn.Module):
    """Features of an embedding [B, 8 C, h, w], finest first: [B, C, 8 h, 8 w], [B, 2 C, 4 h, 4 w], [B, 4 C, 2 h, 2 w].

    ``layers``: blocks of the stages, coarsest first.
    """

    def __init__(self, channels: int, layers: Sequence[int] = (3, 4, 6)) -> None:
        super().__init__()
        stages, inputs = [], 8 * channels
        for count in layers:
            outputs, width = inputs // 2, inputs // 2 // EXPANSION
            rest = (Bottleneck(outputs, width, 1, EXPANSION) for _ in range(count - 1))
            stages.append(nn.Sequential(UpBottleneck(inputs, width), *rest))
            inputs = outputs
        self.stages = nn.ModuleList(stages)
        self.apply(initialise)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features of the embedding ``x``, finest first."""
        found: list[Tensor] = []
        for stage in self.stages:
            x = stage(x)
            found.insert(0, x)
        return found


def halved(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    """[B, inputs, H, W] -> [B, outputs, H / 2, W / 2]."""
    conv = nn.Conv2d(inputs, outputs, 3, 2, padding=1, bias=False)
    return conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)


def initialise(module: nn.Module) -> None:
    """He initialisation by fan-out of convolutions; transposed ones keep PyTorch's."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def cosine_losses(wanted: Sequence[Tensor], found: Sequence[Tensor]) -> Tensor:
    """Sum over scales of the batch mean of 1 - cosine; each sample's feature [C, H, W] counts as one vector."""
    pairs = zip(wanted, found, strict=True)
    return torch.stack([1 - cosine(a.flatten(1), b.flatten(1)).mean() for a, b in pairs]).sum()


def cosine_maps(wanted: Sequence[Tensor], found: Sequence[Tensor], shape: tuple[int, int]) -> Tensor:
    """Sum over scales of 1 - cosine along the channels, each brought to ``shape``: [B, *shape], >= 0."""
    distances = [(1 - cosine(a, b)).clamp(min=0)[:, None] for a, b in zip(wanted, found, strict=True)]
    return sum(resized(distance, shape) for distance in distances)[:, 0]  # type: ignore[index]


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """Cosine of ``a`` and ``b`` along axis 1, in full precision."""
    return nn.functional.cosine_similarity(a.float(), b.float(), dim=1)


def resized(x: Tensor, shape: tuple[int, int]) -> Tensor:
    """``x`` [B, C, H, W] on a grid of ``shape`` with the same corners, bilinear."""
    return nn.functional.interpolate(x, shape, mode="bilinear", align_corners=True)
