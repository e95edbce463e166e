"""PII: a network that finds patches of another volume, blended in by Poisson interpolation (Tan et al. 2021).

    h, y = Poisson blend of a patch of the partner g into the slice f, y = alpha ~ U(.05, .95) where h differs from f
    p = sigmoid(W(h)),    loss = binary cross-entropy of W(h) with the soft label y, mean over all pixels

The partner is the slice at the same height of another healthy volume. The map is p in the brain, without a median. The
blending: sadm.anomalies.poisson. Open choices: intensities stay in [0, 1] (the reference
standardises each image); the patch's centre is drawn in the brain and all is cut to it; a pair gives one training slice (the
reference also blends f into g); the paper names neither learning rate nor epochs: 1e-3, the reference's, and the common 1600; the L2 weight 5e-4 that
the reference declares and never adds to its loss is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from sadm.anomalies.poisson import Poisson
from sadm.methods.base import BaseMethod, Batch, Training
from sadm.networks.wide_resnet import WideResNet
from sadm.runtime.kinds import LogOdds, Rate, Share, Width
from sadm.study.registry import Declares

DECLARES = Declares(pairs=True, synthetic="PII", fits={"wide_resnet": ("channels",)})


@dataclass(frozen=True)
class Hyper(Training):
    """The reference's, where the paper is silent."""

    lr: Rate = 1e-3  # highest learning rate of the optimiser
    channels: tuple[Width, ...] = (64, 128, 256, 256, 256)  # channels of the encoder's blocks
    kept: Share = 0.99  # of the running statistics that batch normalisation keeps at each step
    centre_in_brain: bool = True  # patches centred in the brain and cut to it, instead of anywhere
    prior_logit: LogOdds = (
        0.0  # added to all logits, as the network has no biases: log odds of a foreign pixel
    )


SMALL = {
    "batch": 16, "lr": 0.005, "schedule": "onecycle",
    "channels": [16, 32, 64, 64], "prior_logit": -2.5, "kept": 0.9,  # of a few hundred steps 0.99 keeps the initial statistics
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip


class Method(BaseMethod):
    """One wide residual network; see the module."""

    def __init__(
        self, hyper: Hyper, shape: tuple[int, int], needs: Mapping[str, BaseMethod] | None = None
    ) -> None:
        super().__init__(hyper, shape, needs)
        self.net = WideResNet(hyper.channels, hyper.kept)
        self.blend = Poisson(centre_in_brain=hyper.centre_in_brain)

    def loss(self, batch: Batch) -> Tensor:
        """Binary cross-entropy with the soft label of a patch in each slice, mean over all pixels of the batch."""
        assert batch.partner is not None, "trains on pairs"
        image, label = self.blend(batch.image, batch.partner, batch.brain, batch.generator)
        return binary_cross_entropy_with_logits(self.logit(image), label)

    def logit(self, image: Tensor) -> Tensor:
        """Log odds [B, 1, X, Y] of a foreign pixel."""
        out: Tensor = self.net(image).float() + self.hyper.prior_logit
        return out

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """p = sigmoid(W(x)) in the brain, [D, X, Y] in [0, 1]; ``reconstructions`` are not used."""
        return torch.sigmoid(self.logit(volume[:, None]))[:, 0] * brain
