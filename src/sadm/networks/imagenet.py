"""Frozen feature extractors: ResNet-18 to layer2, Wide-ResNet-50-2 to layer3 (He et al. 2016; Zagoruyko and Komodakis 2016).

Tensor names and numbers are torchvision's, so that its ImageNet weights fit: 683,072 and 24,862,528 parameters. Sheet:
baselines.md sections 4, 5 and 12. Written here because torchvision does not import beside PyTorch's CPU build.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sadm.errors import ConfigError
from sadm.networks.resnet import Bottleneck

LAYERS = {"resnet18": (2, 2), "wide_resnet50_2": (3, 4, 6)}  # blocks of the stages that are used
WIDTH = 64  # channels of the first convolution
RGB_MEAN, RGB_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, which torchvision's networks were trained with


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, the first with the stride, each with batch normalisation, around a shortcut."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or inputs != width:
            conv = nn.Conv2d(inputs, width, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, width, H / stride, W / stride]."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        out: Tensor = self.act(x + shortcut)
        return out


class Extractor(nn.Module):
    """Features of a frozen ``network``, a key of LAYERS: one tensor a stage, the stem's first.

    ``width`` and ``layers`` (blocks of each stage) make it smaller than the published one; ImageNet weights then do not fit.
    ``channels``: of the features, stem first.
    """

    def __init__(self, network: str, width: int = WIDTH, layers: Sequence[int] | None = None) -> None:
        super().__init__()
        self.network, counts = network, tuple(layers or LAYERS[network])
        self.published = (width, counts) == (WIDTH, LAYERS[network])
        self.conv1 = nn.Conv2d(3, width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.stages, self.channels = len(counts), [width]
        for stage, count in enumerate(counts):
            inner, stride = width << stage, 2 if stage else 1
            outputs = inner if network == "resnet18" else 4 * inner
            blocks = [block(network, self.channels[-1], inner, stride)]
            blocks += [block(network, outputs, inner, 1) for _ in range(count - 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            self.channels.append(outputs)
        self.initialise()
        self.requires_grad_(False)

    @torch.no_grad()
    def forward(self, x: Tensor) -> list[Tensor]:
        """Features [B, C, H / r, W / r] of ``x`` [B, 3, H, W] by stage, without gradients; r = 4 (stem), 4, 8, 16."""
        found = [self.maxpool(self.act(self.bn1(self.conv1(x))))]
        for stage in range(self.stages):
            found.append(getattr(self, f"layer{stage + 1}")(found[-1]))
        return found

    def initialise(self) -> None:
        """Random features: He initialisation by fan-out, identity normalisation (torchvision's start of a training)."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if isinstance(module, nn.BatchNorm2d):
                module.reset_parameters()

    def wanted(self) -> dict[str, torch.Size]:
        """Shapes of the tensors that a weights file must have, by name; old files count no batches, so nor does this."""
        shapes = {name: value.shape for name, value in self.state_dict().items()}
        return {name: shape for name, shape in shapes.items() if not name.endswith("num_batches_tracked")}

    def adopt(self, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
        """Take over what `sadm.imagenet` wrote: ImageNet's ``tensors``, or, with ``about`` random, a seed at any size.

        Raises ConfigError if ImageNet's weights do not fit because the network was made smaller.
        """
        if about["source"] == "random":
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(about["seed"])
                self.initialise()
            return
        if not self.published:
            fix = "leave out the method's width and layers in `hyper`, or set imagenet: {weights: random}"
            raise ConfigError(f"ImageNet weights fit only the published {self.network}.", fix=fix)
        self.load_state_dict(dict(tensors))


def block(network: str, inputs: int, inner: int, stride: int) -> nn.Module:
    """A residual block of ``network``: basic with ``inner`` outputs, or a bottleneck twice as wide inside, with 4 times."""
    return (
        BasicBlock(inputs, inner, stride) if network == "resnet18" else Bottleneck(inputs, 2 * inner, stride, 2)
    )


def grey_to_rgb(x: Tensor) -> Tensor:
    """[B, 1, H, W] in about [0, 1] -> [B, 3, H, W], normalised as ImageNet's pictures are."""
    mean, std = (torch.tensor(v, device=x.device)[:, None, None] for v in (RGB_MEAN, RGB_STD))
    return (x - mean) / std
