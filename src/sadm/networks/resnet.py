"""Bottleneck ResNet with stochastic depth: the conditioning encoder of cDDPM (paper, Appendix B).

Tensor names and numbers are those of timm's and torchvision's ``resnet50`` (He et al. 2016, stride on the 3x3
convolution); with 1 input channel and 512 outputs it is the released encoder, 24,550,848 parameters.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

EXPANSION = 4


class Bottleneck(nn.Module):
    """1x1, 3x3 (with the stride), 1x1 convolution, each with batch normalisation, around a shortcut."""

    def __init__(self, inputs: int, width: int, stride: int, expansion: int = EXPANSION) -> None:
        super().__init__()
        outputs = width * expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2: nn.Module = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.act = nn.ReLU(inplace=True)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or inputs != outputs:
            conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        """[B, C, H, W] -> [B, expansion width, H / stride, W / stride]; ``keep`` [B] multiplies the residual branch."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.act(self.bn1(self.conv1(x)))
        x = self.bn3(self.conv3(self.act(self.bn2(self.conv2(x)))))
        if keep is not None:
            x = x * keep.to(x.dtype)[:, None, None, None]
        out: Tensor = self.act(x + shortcut)
        return out


class ResNet(nn.Module):
    """Code of a slice: [B, in_channels, H, W] -> [B, out_features].

    ``layers``: blocks of the four stages; ``width``: channels of the first stage (the stages have 4, 8, 16, 32 times as
    many outputs). ``drop_path``: probability that training skips the last block of a sample; it rises linearly from 0 at
    the first block (stochastic depth, Huang et al. 2016).
    """

    def __init__(
        self,
        layers: Sequence[int] = (3, 4, 6, 3),
        width: int = 64,
        out_features: int = 512,
        in_channels: int = 1,
        drop_path: float = 0.05,
    ) -> None:
        super().__init__()
        self.drop_rates: Tensor
        self.conv1 = nn.Conv2d(in_channels, width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        inputs = width
        for stage, count in enumerate(layers):
            inner = width * 2**stage
            blocks = []
            for block in range(count):
                blocks.append(Bottleneck(inputs, inner, 2 if stage > 0 and block == 0 else 1))
                inputs = inner * EXPANSION
            setattr(self, f"layer{stage + 1}", nn.ModuleList(blocks))
        self.fc = nn.Linear(inputs, out_features)
        self.stages = len(layers)
        self.drop_path = drop_path
        self.register_buffer("drop_rates", torch.linspace(0, drop_path, sum(layers)), persistent=False)
        self.apply(initialise)

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Code [B, out_features] of ``x`` [B, in_channels, H, W], intensities about [0, 1].

        In training mode ``generator``, on the device of ``x``, decides which blocks a sample skips; ValueError without.
        """
        keep = self._keep(len(x), x.device, generator)
        x = self.maxpool(self.act(self.bn1(self.conv1(x))))
        blocks = [block for stage in range(self.stages) for block in getattr(self, f"layer{stage + 1}")]
        for index, block in enumerate(blocks):
            x = block(x, None if keep is None or index == 0 else keep[index])
        out: Tensor = self.fc(x.mean((2, 3)))
        return out

    def _keep(self, count: int, device: torch.device, generator: torch.Generator | None) -> Tensor | None:
        """[blocks, count]: 0 where a sample skips a block, else 1 / (1 - rate); None when nothing is skipped."""
        if not self.training or self.drop_path == 0:
            return None
        if generator is None:
            raise ValueError("stochastic depth needs a generator in training mode")
        rates = self.drop_rates[:, None]
        drawn = torch.rand(len(rates), count, generator=generator, device=device)
        return (drawn >= rates) / (1 - rates)


def initialise(module: nn.Module) -> None:
    """He initialisation by fan-out of convolutions; the last normalisation of a block starts at 0 (Goyal et al. 2017)."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    if isinstance(module, Bottleneck):
        nn.init.zeros_(module.bn3.weight)
