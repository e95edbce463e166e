"""DAE: a U-Net that removes coarse noise from a slice (Kascenas et al. 2022).

    x_hat = U(x + n m),    loss = mean over all pixels of m (x_hat - x)^2
    n: N(0, noise_std) on a coarse grid, enlarged bilinearly, rolled at random;  m: brain mask

At test the slice goes in as it is; lesions are removed like the noise, and the map compares input and output by SSIM.
Open choices: optimiser, clipping and network are the reference's, which the paper does not name, its
oscillating learning rate is not kept; the brain mask stands for the reference's foreground (intensity above 0.01); the noise
grid is 16 as in the reference, though on a slice of 96 pixels where that had 128. Output outside the brain, which nothing
trains, counts as 0, so that it does not reach the map through the window of the SSIM.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from sadm.methods.base import BaseMethod, Batch, Reconstructor, Training
from sadm.networks.seg_unet import SegUNet
from sadm.runtime.kinds import Positive, Weight, Width
from sadm.study.registry import Declares

DECLARES = Declares(reconstructs=True, fits={"seg_unet": ("channels",)})


@dataclass(frozen=True)
class Hyper(Training):
    """Paper, Appendix B; the rest from the reference code."""

    channels: tuple[Width, ...] = (64, 128, 256, 512)  # channels of the U-Net's levels
    noise_grid: Width = 16  # points of the noise along each axis before it is enlarged
    noise_std: Weight = 0.2  # standard deviation of the noise at these points
    weight_decay: Weight = 1e-5  # L2 penalty of the optimiser
    clip: Positive = 0.5  # highest norm of the gradients


SMALL = {
    "batch": 16, "lr": 0.001, "schedule": "onecycle",
    "channels": [8, 16, 32, 64],
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip


class Method(Reconstructor):
    """U-Net and noise; see the module."""

    def __init__(
        self, hyper: Hyper, shape: tuple[int, int], needs: Mapping[str, BaseMethod] | None = None
    ) -> None:
        super().__init__(hyper, shape, needs)
        self.net = SegUNet(hyper.channels, siamese=False)

    def optimiser(self) -> torch.optim.Optimizer:
        """Adam with the AMSGrad bound and a weight decay."""
        decay = self.hyper.weight_decay
        return torch.optim.Adam(
            self.parameters(), self.hyper.lr, weight_decay=decay, amsgrad=True, fused=True
        )

    def limit_gradients(self) -> None:
        """Scale the gradients down to the norm ``clip``."""
        nn.utils.clip_grad_norm_(self.parameters(), self.hyper.clip)

    def noise(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` fields of coarse noise [count, 1, X, Y]."""
        return coarse_noise(count, self.shape, self.hyper.noise_grid, self.hyper.noise_std, generator)

    def loss(self, batch: Batch) -> Tensor:
        """Squared error in the brain against the slice without noise, mean over all pixels."""
        noised = batch.image + self.noise(len(batch), batch.generator) * batch.brain
        error = self.net(noised).float() - batch.image
        return (error.square() * batch.brain).mean()

    def reconstruct(self, volume: Tensor, generator: torch.Generator) -> Tensor:
        """Reconstruction [1, D, X, Y] of ``volume`` [D, X, Y] in [0, 1], without noise; only the brain's is trained."""
        return self.net(volume[:, None]).float()[:, 0][None]

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """The map of `Reconstructor`, of the reconstruction in the brain."""
        assert reconstructions is not None, "needs its reconstructions"
        return super().anomaly_map(volume, brain, reconstructions * brain)


def coarse_noise(
    count: int, shape: tuple[int, int], grid: int, std: float, generator: torch.Generator
) -> Tensor:
    """``count`` fields [count, 1, X, Y] of N(0, std) on ``grid`` x ``grid`` points, enlarged to ``shape`` (X, Y).

    All are rolled by one random step along each axis, as in the reference, so that the grid is nowhere fixed.
    """
    device = generator.device
    coarse = std * torch.randn(count, 1, grid, grid, generator=generator, device=device)
    fields = interpolate(coarse, shape, mode="bilinear", align_corners=True)
    for axis, size in enumerate(shape, 2):
        step = torch.randint(size, (1,), generator=generator, device=device)
        fields = fields.index_select(axis, (torch.arange(size, device=device) + step) % size)
    return fields
