"""RD: a student that draws the features of an ImageNet network from a code of them (reverse distillation, Deng and Li 2022).

    f_k = stage k of T(x), k = 1 .. 3,    g = D(B(f)),    loss = sum over k of 1 - cos(g_k, f_k), mean over the slices

The cosine of the loss is that of all features of a slice as one vector, not one at each pixel. The map is the sum over k of
1 - cos(g_k, f_k) at each pixel, enlarged to the slice, in the brain, with the median. T: a frozen Wide-ResNet-50-2, always in
evaluation. Open choices: slices have 96 pixels and are grey levels by ImageNet's mean and
deviation, repeated to three channels; the median of the other methods stands for the reference's Gaussian (sigma 4 at 256
pixels); plain Adam with the paper's learning rate, where the reference has 5e-3, 0.5 as its first beta and batches of 16.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from sadm.methods.base import BaseMethod, Batch, Training
from sadm.networks.imagenet import adopt, extractor, normalised
from sadm.networks.reverse_distillation import Student, global_distance, pixel_distance
from sadm.networks.sizes import resized
from sadm.runtime.kinds import Blocks, Pixels, Width
from sadm.study import fits
from sadm.study.registry import Declares

DECLARES = Declares(imagenet="wide_resnet50_2", fits={"reverse_distillation": ("size", "backbone_layers")})


@dataclass(frozen=True)
class Hyper(Training):
    """Paper, Appendix B; the networks' sizes from the reference code."""

    size: Pixels = 96  # pixels along each axis that slices are resized to
    backbone_width: Width = 64  # channels of the teacher's stem; ImageNet weights only fit 64
    backbone_layers: tuple[Blocks, ...] = (3, 4, 6)  # blocks of the teacher's stages; as above


SMALL = {
    "batch": 16, "lr": 0.002, "schedule": "onecycle",
    "size": 64, "backbone_width": 8, "backbone_layers": [1, 1, 1],
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip


class Method(BaseMethod):
    """Teacher and student; see the module."""

    def __init__(
        self, hyper: Hyper, shape: tuple[int, int], needs: Mapping[str, BaseMethod] | None = None
    ) -> None:
        super().__init__(hyper, shape, needs)
        fits.reverse_distillation(shape, hyper.size, hyper.backbone_layers)
        self.teacher = extractor(DECLARES.imagenet, hyper.backbone_width, hyper.backbone_layers)
        self.student = Student(self.teacher.widths[1:], hyper.backbone_layers)
        self.train()

    def train(self, mode: bool = True) -> "Method":
        """Training mode of the student; the teacher stays in evaluation."""
        super().train(mode)
        self.teacher.eval()
        return self

    def adopt(self, tensors: Mapping[str, Tensor]) -> None:
        """Load the teacher's ``tensors``. Raises ConfigError if they are not those of its size."""
        adopt(self.teacher, tensors, "hyper.rd.backbone_width and .backbone_layers")

    @torch.no_grad()
    def features(self, image: Tensor) -> list[Tensor]:
        """Features of the teacher's stages, finest first, of ``image`` [B, 1, X, Y] in about [0, 1]."""
        shown = resized(image, self.hyper.size, self.hyper.size)
        found: list[Tensor] = self.teacher(normalised(shown))
        return found[1:]

    def loss(self, batch: Batch) -> Tensor:
        """1 - cosine of all features of a slice, mean over slices, sum over stages."""
        wanted = self.features(batch.image)
        pairs = zip(self.student(wanted), wanted, strict=True)
        return torch.stack([global_distance(*pair).mean() for pair in pairs]).sum()

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """u = median((1 - cosine at each pixel, sum over stages) brain) brain, [D, X, Y]; ``reconstructions`` are not used."""
        assert self.score is not None, "needs a score"
        wanted = self.features(volume[:, None])
        pairs = zip(self.student(wanted), wanted, strict=True)
        unlike = torch.stack([resized(pixel_distance(*pair), *volume.shape[1:]) for pair in pairs])
        found = unlike.sum(0)[:, 0] * brain
        return torch.as_tensor(self.score.smooth(found.cpu().numpy(), brain.cpu().numpy()))
