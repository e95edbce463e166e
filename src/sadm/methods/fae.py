"""FAE: an autoencoder of the features that an ImageNet network finds in a slice (Meissen et al. 2022).

    f = the first three layers of E((x - 0.5) 2), resized to S / 4 and stacked,    loss = 1 - mean SSIM(A(f), f)

SSIM: each feature by itself, Gaussian window of 5 pixels, sigma 1.5, constants of range 1. The map is the mean over the
features of 1 - SSIM, enlarged to the slice, in the brain, with the median. E: a frozen ResNet-18.
Open choices: slices are resized to 128 pixels, as the reference's code fails at 96, no multiple of 64; 1 - SSIM,
so that no score is below 0, where the reference has -SSIM; the median of the other methods, where it has none; no
equalisation of histograms, which it does by default; E's batch normalisation takes the statistics of the batch in training
and keeps their mean, as in the reference, which set no part to evaluation (``adapt_statistics``); the learning rate is the
reference's, as the paper names none and takes from the official repositories what it does not name; the common 1600 epochs, where
the reference has 10,000 steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from sadm.methods.base import BaseMethod, Batch, Training
from sadm.networks.feature_autoencoder import FeatureAutoEncoder
from sadm.networks.imagenet import adopt, extractor
from sadm.networks.sizes import resized
from sadm.networks.ssim import ssim
from sadm.runtime.kinds import Dropped, Pixels, Rate, Width
from sadm.study import fits
from sadm.study.registry import Declares

DECLARES = Declares(imagenet="resnet18", fits={"feature_autoencoder": ("size", "channels")})

WINDOW, SIGMA = 5, 1.5  # of the SSIM, pixels of the features
STRIDE = 4  # pixels of a slice along one of the features


@dataclass(frozen=True)
class Hyper(Training):
    """Paper, Appendix B; the rest from the reference code."""

    lr: Rate = 2e-4  # highest learning rate of the optimiser
    size: Pixels = 128  # pixels along each axis that slices are resized to
    backbone_width: Width = 64  # channels of the ResNet's first stage; ImageNet weights only fit 64
    channels: tuple[Width, ...] = (100, 150, 200, 300)  # channels of the encoder's stages, each halves
    dropout: Dropped = 0.1  # share of the channels that training drops after each stage
    adapt_statistics: bool = True  # the ResNet's batch normalisation goes over to brains in training


SMALL = {
    "batch": 16, "lr": 0.002, "schedule": "onecycle",
    "size": 64, "backbone_width": 32, "channels": [32, 48, 64, 96],
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip


class Method(BaseMethod):
    """Extractor and autoencoder; see the module."""

    def __init__(
        self, hyper: Hyper, shape: tuple[int, int], needs: Mapping[str, BaseMethod] | None = None
    ) -> None:
        super().__init__(hyper, shape, needs)
        fits.feature_autoencoder(shape, hyper.size, hyper.channels)
        self.extractor = extractor(DECLARES.imagenet, hyper.backbone_width)
        self.net = FeatureAutoEncoder(sum(self.extractor.widths), hyper.channels, hyper.dropout)
        self.train()

    def train(self, mode: bool = True) -> "Method":
        """Training mode, which the extractor only follows if its statistics shall adapt."""
        super().train(mode)
        self.extractor.train(mode and self.hyper.adapt_statistics)
        return self

    def adopt(self, tensors: Mapping[str, Tensor]) -> None:
        """Load the extractor's ``tensors``. Raises ConfigError if they are not those of its size."""
        adopt(self.extractor, tensors, "hyper.fae.backbone_width")

    @torch.no_grad()
    def features(self, image: Tensor) -> Tensor:
        """Features [B, C, size / 4, size / 4] of ``image`` [B, 1, X, Y] in about [0, 1]."""
        size, small = self.hyper.size, self.hyper.size // STRIDE
        found = self.extractor(resized((image - 0.5) * 2, size, size).expand(-1, 3, -1, -1))
        return torch.cat([resized(each, small, small) for each in found], 1)

    def loss(self, batch: Batch) -> Tensor:
        """1 - SSIM of the features with their reconstruction, mean over features, pixels and slices."""
        features = self.features(batch.image)
        return 1 - ssim(self.net(features, batch.generator), features, WINDOW, SIGMA).mean()

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """u = median((1 - SSIM, mean over features) brain) brain, [D, X, Y]; ``reconstructions`` are not used."""
        assert self.score is not None, "needs a score"
        features = self.features(volume[:, None])
        unlike = 1 - ssim(self.net(features), features, WINDOW, SIGMA).mean(1, keepdim=True)
        found = resized(unlike, *volume.shape[1:])[:, 0].clamp_min(0) * brain
        return torch.as_tensor(self.score.smooth(found.cpu().numpy(), brain.cpu().numpy()))
