"""Wide residual encoder-decoder of PII (Tan et al. 2021).

Blocks activate before they convolve, no convolution has a bias, and where channels change the shortcut is a 1x1
convolution of the activated input. No skip connections. The default is the reference's, 4,164,763 parameters. Its Keras
adds 1e-3 to a batch's variance, keeps .99 of the running statistics at each step, and pads a convolution that halves a size
after the last pixel alone ("same" padding): so does this.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from sadm.networks.adm_unet import doubled_conv
from sadm.study import fits

EPS = 1e-3  # of Keras' batch normalisation


class WideBlock(nn.Module):
    """x + conv(ReLU(BN(conv(ReLU(BN(x)))))), which may halve (stride 2) or double (``up``) the size."""

    def __init__(
        self, inputs: int, outputs: int, stride: int = 1, up: bool = False, kept: float = 0.99
    ) -> None:
        super().__init__()
        self.stride, self.up = stride, up
        self.bn1, self.bn2 = (nn.BatchNorm2d(width, EPS, 1 - kept) for width in (inputs, outputs))
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=int(stride == 1), bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut = None if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H', W']."""
        active = F.relu(self.bn1(x))
        padded = F.pad(active, (0, 1, 0, 1)) if self.stride > 1 else active
        hidden = F.relu(self.bn2(self.conv1(padded)))
        if self.shortcut is not None:
            x = self.shortcut(active)
        elif self.stride > 1:
            x = F.avg_pool2d(x, self.stride)
        if not self.up:
            out: Tensor = x + self.conv2(hidden)
            return out
        # Pixels are doubled before the second normalisation in the reference, whose statistics that leaves as they are.
        return F.interpolate(x, scale_factor=2.0, mode="nearest") + doubled_conv(hidden, self.conv2)


class WideResNet(nn.Module):
    """Logits [B, 1, H, W] of a foreign pixel.

    ``channels``: of the encoder's blocks, all but the first of which halve the size: H and W must be multiples of
    2^(blocks - 1), ConfigError otherwise. The decoder mirrors it down to the stem, a quarter of the first block's channels. ``kept``: share of the running statistics that batch normalisation
    keeps at each step.
    """

    def __init__(self, channels: Sequence[int] = (64, 128, 256, 256, 256), kept: float = 0.99) -> None:
        super().__init__()
        stem = max(channels[0] // 4, 1)
        self.channels = channels
        down = [
            WideBlock(*pair, stride=1 + (i > 0), kept=kept)
            for i, pair in enumerate(pairwise((stem, *channels)))
        ]
        widths = (1, stem, *channels)[: len(channels) - 1]
        up = [WideBlock(*pair, up=True, kept=kept) for pair in pairwise((channels[-1], *reversed(widths)))]
        first = nn.Conv2d(1, stem, 3, padding=1, bias=False)
        self.layers = nn.Sequential(first, *down, *up)
        self.apply(initialise)

    def forward(self, image: Tensor) -> Tensor:
        """Logits of ``image`` [B, 1, H, W] in about [0, 1]."""
        fits.wide_resnet(image.shape[2:], self.channels)
        out: Tensor = self.layers(image)
        return out


def initialise(module: nn.Module) -> None:
    """He initialisation of convolutions, by the number of inputs."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
