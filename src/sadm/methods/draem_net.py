"""DRAEM-Net: a reconstructive and a discriminative network, trained together on painted anomalies (Zavrtanik et al. 2021).

    r = R(x),   p = softmax(D(r, x))_1
    loss = mean (r - x_clean)^2 + 1 - SSIM(r, x_clean) + mean -(1 - p_c)^2 log p_c,    c: the pixel's class

SSIM: Gaussian window of 11 pixels, sigma 1.5, range 1. Gradients go through both networks. Half of the slices keep their
anomaly, the others train without. The map is p in the brain, without a median. With real
labels (``draem_net@brats``) no clean slice exists: R then learns the slice as it is, and all slices keep their label.

Open choices: no class weight in the focal loss (a later kornia gives the background none); D gets (r, x) as in the
reference, where SADM's port has (x, r); no rotation of the clean slice and no steps of the learning rate, which the
reference has; the paper names only lr, epochs and batch. At 96x96, batch 32 and full precision, the kept activations are
5 GB and weights, gradients and Adam 1.6 GB: 24 GB suffice without recomputation.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from sadm.methods.base import BaseMethod, Batch, Training
from sadm.networks.draem_unets import Discriminative, Reconstructive
from sadm.networks.ssim import ssim
from sadm.runtime.kinds import Share, Width
from sadm.study.registry import Declares

DECLARES = Declares(trains_on="labels", fits={"draem_unets": ("reconstructive", "discriminative")})

WINDOW, SIGMA = 11, 1.5  # of the SSIM, pixels


@dataclass(frozen=True)
class Hyper(Training):
    """Paper, Appendix B; the networks' sizes and the share of anomalies from the reference."""

    reconstructive: tuple[Width, ...] = (128, 256, 512, 1024, 1024)  # channels of the levels of R
    discriminative: tuple[Width, ...] = (64, 128, 256, 512, 512, 512)  # channels of the levels of D
    anomalous: Share = 0.5  # share of the painted slices that keep their anomaly


SMALL = {
    "batch": 16, "lr": 0.002, "schedule": "onecycle",
    "reconstructive": [8, 16, 32, 32], "discriminative": [16, 32, 64, 64],
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip


class Method(BaseMethod):
    """Both networks; see the module."""

    def __init__(
        self, hyper: Hyper, shape: tuple[int, int], needs: Mapping[str, BaseMethod] | None = None
    ) -> None:
        super().__init__(hyper, shape, needs)
        self.reconstructive = Reconstructive(hyper.reconstructive)
        self.discriminative = Discriminative(hyper.discriminative)

    def loss(self, batch: Batch) -> Tensor:
        """Squared error and 1 - SSIM of the reconstruction, and focal loss of the segmentation, means over all pixels."""
        image, label = self.thinned(batch)
        made = self.reconstructive(image).float()
        alike = ssim(made, batch.original, WINDOW, SIGMA).mean()
        found = focal(self.logit(made, image), label)
        return F.mse_loss(made, batch.original) + (1 - alike) + found

    def thinned(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Images and labels, of which a share of 1 - ``anomalous`` of the painted slices is clean again."""
        assert batch.label is not None, "trains on labels"
        draw = torch.rand(len(batch), generator=batch.generator, device=batch.generator.device)
        painted = (batch.image != batch.original).flatten(1).any(1)
        clean = (painted & (draw >= self.hyper.anomalous))[:, None, None, None]
        return torch.where(clean, batch.original, batch.image), batch.label * ~clean

    def logit(self, reconstruction: Tensor, image: Tensor) -> Tensor:
        """Log odds [B, 1, X, Y] of an anomaly: the softmax of two classes is the sigmoid of their difference."""
        healthy, anomalous = self.discriminative(reconstruction, image).float().split(1, 1)
        return anomalous - healthy

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """p in the brain, [D, X, Y] in [0, 1]; ``reconstructions`` are not used."""
        image = volume[:, None]
        return torch.sigmoid(self.logit(self.reconstructive(image), image))[:, 0] * brain


def focal(logit: Tensor, label: Tensor) -> Tensor:
    """Mean of -(1 - p_c)^2 log p_c: ``logit`` log odds of class 1, ``label`` 0/1 of the same shape (Lin et al. 2017)."""
    margin = torch.where(label > 0, logit, -logit)
    return (torch.sigmoid(-margin).square() * -F.logsigmoid(margin)).mean()
