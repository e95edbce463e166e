"""Frozen feature extractors: ResNet-18 to layer2, Wide-ResNet-50-2 to layer3 (He et al. 2016; Zagoruyko and Komodakis 2016).

Tensor names and numbers are torchvision's, so that its ImageNet weights fit: 683,072 and 24,862,528 parameters.
Written here because torchvision does not import beside PyTorch's CPU build.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from sadm.networks.resnet import EXPANSION, Bottleneck
from sadm.runtime.errors import ConfigError

LAYERS = {"resnet18": (2, 2), "wide_resnet50_2": (3, 4, 6)}  # blocks of the stages that are used
# Of ImageNet's pictures in [0, 1], red, green, blue.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
COUNTER = "num_batches_tracked"  # absent from files of before PyTorch 0.4.1; nothing reads it


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, the first with the stride, each with batch normalisation, around a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.act = nn.ReLU(inplace=True)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or inputs != outputs:
            conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H / stride, W / stride]."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        out: Tensor = self.act(x + shortcut)
        return out


def wide_bottleneck(inputs: int, outputs: int, stride: int = 1) -> Bottleneck:
    """A Wide-ResNet's bottleneck, inside half as wide as its output where a ResNet's is a quarter."""
    return Bottleneck(inputs, outputs // 2, stride, expansion=2)


class Extractor(nn.Module):
    """Features of the stem and of each stage, frozen: [B, C, H / r, W / r] with r = 4, 4, 8, 16.

    ``width``: channels of the stem; ``layers``: blocks of each stage; ``wide``: wide bottlenecks, not basic blocks.
    ``widths``: channels of the features.
    """

    def __init__(self, width: int, layers: Sequence[int], wide: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.widths, self.stages = [width], len(layers)
        make = wide_bottleneck if wide else BasicBlock
        for stage, count in enumerate(layers):
            outputs = width * 2**stage * (EXPANSION if wide else 1)
            blocks = [make(self.widths[-1], outputs, 2 if stage else 1)]
            blocks += [make(outputs, outputs, 1) for _ in range(count - 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            self.widths.append(outputs)
        self.apply(initialise)
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features of ``x`` [B, 3, H, W], the stem's first."""
        found = [self.maxpool(self.act(self.bn1(self.conv1(x))))]
        for stage in range(self.stages):
            found.append(getattr(self, f"layer{stage + 1}")(found[-1]))
        return found


def extractor(network: str, width: int = 64, layers: Sequence[int] | None = None) -> Extractor:
    """The extractor of ``network``, a key of LAYERS, with random weights; ImageNet's only fit the default sizes."""
    return Extractor(width, layers or LAYERS[network], wide=network.startswith("wide"))


def initialise(module: nn.Module) -> None:
    """He initialisation by fan-out of convolutions; transposed ones and normalisations keep PyTorch's."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    """Shapes by name of what weights consist of."""
    return {name: tensor.shape for name, tensor in tensors.items() if not name.endswith(COUNTER)}


def adopt(net: Extractor, tensors: Mapping[str, Tensor], keys: str) -> None:
    """Load ``tensors``, all that ``net`` has and none else. Raises ConfigError, naming the config ``keys`` of its size."""
    if shapes(tensors) != shapes(net.state_dict()):
        fix = f"leave {keys} at the default, or set imagenet: {{weights: random}} (marked in the table)"
        raise ConfigError("ImageNet weights do not fit a feature extractor of another size.", fix=fix)
    net.load_state_dict({name: tensor for name, tensor in tensors.items() if not name.endswith(COUNTER)})


def normalised(image: Tensor) -> Tensor:
    """Grey [B, 1, H, W] in about [0, 1] -> [B, 3, H, W] by the mean and deviation of ImageNet's channels."""
    mean, std = (torch.tensor(v, device=image.device)[:, None, None] for v in (MEAN, STD))
    return (image - mean) / std
