"""The network of HD-BET 1 (Isensee et al. 2019, Human Brain Mapping, doi 10.1002/hbm.24750): a 3-D U-Net with a residual encoder.

Layers are named as in the published parameter files. The two side outputs that only training reads are left out.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

WIDTHS = (21, 42, 84, 168, 336)  # channels by level, full resolution first
# Of the leaky ReLUs inside the blocks, and of those that the network itself applies.
SLOPE, LAST_SLOPE = (0.01, 0.1)
DIVISOR, SMALLEST = 16, 128  # an input edge is a multiple of the one and at least the other


def convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1, bias: bool = True) -> nn.Conv3d:
    """A 3-D convolution that keeps the shape at stride 1."""
    return nn.Conv3d(inputs, outputs, size, stride, size // 2, bias=bias)


def norm(channels: int) -> nn.InstanceNorm3d:
    """Instance norm by the image's own statistics: the running ones in the published files are not used."""
    return nn.InstanceNorm3d(channels, affine=True)


class Residual(nn.Module):
    """Two convolutions, each after norm and leaky ReLU, and their input added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bn_1, self.conv1 = norm(channels), convolution(channels, channels)
        self.bn_2, self.conv2 = norm(channels), convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, Z, Y, X] to the same shape."""
        y = self.conv1(leaky_relu(self.bn_1(x), SLOPE, inplace=True))
        return self.conv2(leaky_relu(self.bn_2(y), SLOPE, inplace=True)).add_(x)


class Down(nn.Module):
    """Norm and leaky ReLU, which the decoder gets, then a convolution of stride 2."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.bn, self.downsample = norm(inputs), convolution(inputs, outputs, stride=2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[N, C, Z, Y, X] to the same shape, and to half the edges."""
        x = leaky_relu(self.bn(x), SLOPE, inplace=True)
        return x, self.downsample(x)


class Up(nn.Module):
    """Trilinear interpolation to twice the edges, convolution, norm, leaky ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.upsample_conv, self.bn = convolution(inputs, outputs), norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, Z, Y, X] to twice the edges."""
        x = interpolate(x, scale_factor=2, mode="trilinear", align_corners=True)
        x = self.upsample_conv(x)
        return leaky_relu(self.bn(x), SLOPE, inplace=True)


class Localise(nn.Module):
    """Convolutions of 3 and of 1 voxel, each with norm and leaky ReLU; the second halves the channels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1, self.bn_1 = convolution(inputs, inputs), norm(inputs)
        self.conv2, self.bn_2 = convolution(inputs, outputs, size=1), norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, Z, Y, X] to half the channels."""
        x = leaky_relu(self.bn_1(self.conv1(x)), SLOPE, inplace=True)
        return leaky_relu(self.bn_2(self.conv2(x)), SLOPE, inplace=True)


class Network(nn.Module):
    """Probability of brain of each voxel of a z-scored T1 head at 1.5 mm; ``widths``: channels by level."""

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.levels = len(widths)
        self.init_conv = convolution(1, widths[0])
        for level, channels in enumerate(widths, 1):
            self.add_module(f"context{level}", Residual(channels))
        for level, (fine, coarse) in enumerate(pairwise(widths), 1):
            self.add_module(f"down{level}", Down(fine, coarse))
            self.add_module(f"up{self.levels - level}", Up(coarse, fine))
            if level > 1:
                self.add_module(f"loc{self.levels - level}", Localise(coarse, fine))
        self.add_module(f"bn_after_context{self.levels}", norm(widths[-1]))
        self.end_conv_1, self.end_conv_1_bn = convolution(widths[1], widths[1]), norm(widths[1])
        self.end_conv_2, self.end_conv_2_bn = convolution(widths[1], widths[1]), norm(widths[1])
        self.seg_layer = convolution(widths[1], 2, size=1, bias=False)

    def block(self, name: str, level: int) -> nn.Module:
        """The block ``name`` of a level, counted from 1."""
        return self.get_submodule(f"{name}{level}")

    def forward(self, x: Tensor) -> Tensor:
        """[N, 1, Z, Y, X], edges multiples of `DIVISOR`, to the probability of brain [N, Z, Y, X] in [0, 1]."""
        x, skips = self.init_conv(x), []
        for level in range(1, self.levels):
            skip, x = self.block("down", level)(self.block("context", level)(x))
            skips.append(skip)
        del skip
        x = self.block("context", self.levels)(x)
        x = leaky_relu(self.block("bn_after_context", self.levels)(x), LAST_SLOPE, inplace=True)
        for level in range(1, self.levels):
            x = torch.cat((skips.pop(), self.block("up", level)(x)), dim=1)
            if level < self.levels - 1:
                x = self.block("loc", level)(x)
        x = leaky_relu(self.end_conv_1_bn(self.end_conv_1(x)), LAST_SLOPE, inplace=True)
        x = leaky_relu(self.end_conv_2_bn(self.end_conv_2(x)), LAST_SLOPE, inplace=True)
        return self.seg_layer(x).softmax(dim=1)[:, 1]
