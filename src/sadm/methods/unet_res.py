"""Unet_res: a siamese segmentation U-Net on the residual and the input (stage II of SADM, paper section 3).

    r = x - x0_hat   (signed; x0_hat: reconstruction by the frozen cDDPM of the same fold, at a random t for each slice)
    p_t = sigmoid(S(x, r_t)),   p = mean of p_t over the test steps,   loss = binary cross-entropy, mean over all pixels

S applies one encoder to r and to x and joins their features at each level; all else as in unet.py. Here the frozen cDDPM is in
eval mode; the released code left it in training mode, so that its statistics drifted (a defect).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sadm.methods import unet
from sadm.methods.base import Batch
from sadm.study.registry import Declares

DECLARES = Declares(needs=("cddpm",), trains_on="labels", fits={"seg_unet": ("channels",)})


@dataclass(frozen=True)
class Hyper(unet.Hyper):
    """Paper, Appendix B."""


SMALL = {
    "batch": 16, "lr": 0.002, "schedule": "linear",
    "channels": [8, 16, 32], "prior_logit": -2.5,
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip


class Method(unet.Method):
    """One siamese segmentation U-Net; see the module."""

    siamese = True

    def context(self, batch: Batch) -> Tensor:
        """Reconstruction [B, 1, X, Y] of the batch by the frozen cDDPM, at a random t for each slice."""
        return self.needs["cddpm"].pseudo_healthy(batch.image, batch.generator)

    def logit(self, image: Tensor, context: Tensor | None) -> Tensor:
        """Log odds [B, 1, X, Y] of a lesion in ``image`` [B, 1, X, Y]; ``context`` is its reconstruction, of the same shape."""
        assert context is not None, "needs the reconstructions of the cDDPM"
        return self.net(image, image - context).float()

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """Mean over the reconstructions of p_t, in the brain: [D, X, Y] in [0, 1]."""
        assert reconstructions is not None, "needs the reconstructions of the cDDPM"
        maps = [torch.sigmoid(self.logit(volume[:, None], each[:, None]))[:, 0] for each in reconstructions]
        return torch.stack(maps).mean(0) * brain
