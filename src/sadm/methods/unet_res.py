"""Unet_res: a siamese segmentation U-Net on the residual and the input (stage II of SADM, paper section 3).

    r = x - x0_hat   (signed; x0_hat: reconstruction by the frozen cDDPM of the same fold, at a random t for each slice)
    p_t = sigmoid(S(x, r_t)),   p = mean of p_t over the test steps,   loss = binary cross-entropy, mean over all pixels

S applies one encoder to r and to x and joins their features at each level. Sheet: sadm.md sections 4 and 6. Here the
frozen cDDPM is in eval mode; the released code left it in training mode, so that its statistics drifted (a defect).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from sadm.methods.base import BaseMethod, Batch, Training
from sadm.networks.seg_unet import SegUNet
from sadm.runtime.kinds import Count, LogOdds, Rate, Width

NEEDS = ("cddpm",)
TRAINS_ON = "labels"
RECONSTRUCTS = False


@dataclass(frozen=True)
class Hyper(Training):
    """Paper, Appendix B."""

    epochs: Count = 600  # passes over the training volumes
    lr: Rate = 5e-5  # highest learning rate of the optimiser
    channels: tuple[Width, ...] = (64, 128, 256)  # channels of the levels
    prior_logit: LogOdds = 0.0  # added to the last bias at first: log odds of a lesion pixel


SMALL = {
    "batch": 16, "lr": 0.002, "schedule": "linear",
    "channels": [8, 16, 32], "prior_logit": -2.5,
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip
FITS = {"seg_unet": ("channels",)}


class Method(BaseMethod):
    """One siamese segmentation U-Net; see the module."""

    def __init__(
        self, hyper: Hyper, shape: tuple[int, int], needs: Mapping[str, BaseMethod] | None = None
    ) -> None:
        super().__init__(hyper, shape, needs)
        self.net = SegUNet(hyper.channels, siamese=True)
        with torch.no_grad():
            self.net.last.get_parameter("bias").add_(hyper.prior_logit)

    def context(self, batch: Batch) -> Tensor:
        """Reconstruction [B, 1, X, Y] of the batch by the frozen cDDPM, at a random t for each slice."""
        return self.needs["cddpm"].pseudo_healthy(batch.image, batch.generator)

    def loss(self, batch: Batch) -> Tensor:
        """Binary cross-entropy, mean over all pixels of the batch."""
        assert batch.label is not None, "trains on labels"
        assert batch.context is not None, "trains on reconstructions"
        logits = self.net(batch.image, batch.image - batch.context)
        return binary_cross_entropy_with_logits(logits.float(), batch.label)

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """Mean over the reconstructions of p_t, in the brain: [D, X, Y] in [0, 1]."""
        assert reconstructions is not None, "needs the reconstructions of the cDDPM"
        image = volume[:, None]
        maps = [
            torch.sigmoid(self.net(image, image - each[:, None]).float())[:, 0] for each in reconstructions
        ]
        return torch.stack(maps).mean(0) * brain
