"""Unet: a segmentation U-Net on the input slice alone (SADM paper, section 3: the supervised part without a residual).

    p = sigmoid(S(x)),    loss = binary cross-entropy of S(x) with the label, mean over all pixels

Trained on real lesion labels, or on synthetic (DRAEM) anomalies in healthy slices. The map is p in the brain, without a
median. Open choice: the released code has no such network; this is its segmentation U-Net with one input and the paper's
three levels (Appendix B).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from sadm.methods.base import BaseMethod, Batch, Training
from sadm.networks.seg_unet import SegUNet
from sadm.runtime.kinds import Count, LogOdds, Rate, Width
from sadm.study.registry import Declares

DECLARES = Declares(trains_on="labels", fits={"seg_unet": ("channels",)})


@dataclass(frozen=True)
class Hyper(Training):
    """Paper, Appendix B."""

    epochs: Count = 600  # passes over the training volumes
    lr: Rate = 5e-5  # highest learning rate of the optimiser
    channels: tuple[Width, ...] = (64, 128, 256)  # channels of the levels
    prior_logit: LogOdds = 0.0  # added to the last bias at first: log odds of a lesion pixel


SMALL = {
    "batch": 16, "lr": 0.002, "schedule": "linear",
    "channels": [16, 32, 64], "prior_logit": -2.5,
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip


class Method(BaseMethod):
    """One segmentation U-Net; see the module. ``siamese``: it also sees a residual, in a subclass."""

    siamese = False

    def __init__(
        self, hyper: Hyper, shape: tuple[int, int], needs: Mapping[str, BaseMethod] | None = None
    ) -> None:
        super().__init__(hyper, shape, needs)
        self.net = SegUNet(hyper.channels, siamese=self.siamese)
        with torch.no_grad():
            self.net.last.get_parameter("bias").add_(hyper.prior_logit)

    def logit(self, image: Tensor, context: Tensor | None) -> Tensor:
        """Log odds [B, 1, X, Y] of a lesion in ``image`` [B, 1, X, Y]; ``context`` is not used."""
        return self.net(image).float()

    def loss(self, batch: Batch) -> Tensor:
        """Binary cross-entropy, mean over all pixels of the batch."""
        assert batch.label is not None, "trains on labels"
        return binary_cross_entropy_with_logits(self.logit(batch.image, batch.context), batch.label)

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """p = sigmoid(S(x)) in the brain, [D, X, Y] in [0, 1]; ``reconstructions`` are not used."""
        return torch.sigmoid(self.logit(volume[:, None], None))[:, 0] * brain
