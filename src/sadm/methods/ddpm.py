"""DDPM: a denoising diffusion model with simplex noise, used in a single step (Wyatt et al. 2022; Behrendt et al. 2023).

    x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps,    x_0 = 2 x - 1,   eps: simplex noise
    x0_hat = U(x_t, t),    loss = mean |x0_hat - x_0| over all pixels,  t uniform in 0 ... T - 1

A reconstruction is one call of the U-Net at each of a few t, with fresh noise (``t_test`` counts from 1 as the paper does:
250 is index 249); the map compares the input with their mean by SSIM. Open choices: this is
the DDPM that the SADM authors run, which predicts x_0 in one step (AnoDDPM predicts the noise and runs all steps back), with
the scale-shift modulation of their later code; one noise field a slice, where the released code repeats one (``shared_noise``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from sadm.anomalies.simplex import SimplexNoise
from sadm.methods.base import BaseMethod, Batch, Reconstructor, Training
from sadm.networks.adm_unet import ADMUNet
from sadm.networks.diffusion import Diffusion
from sadm.runtime.kinds import Blocks, Count, Rate, Width
from sadm.study import fits
from sadm.study.registry import Declares

DECLARES = Declares(
    reconstructs=True,
    passes="t_test",
    scored_with=("t_test",),
    fits={"adm_unet": ("channels", "head_channels", "groups"), "steps": ("t_test", "timesteps")},
)


@dataclass(frozen=True)
class Hyper(Training):
    """Paper, Appendix B; the network's sizes from the released code where the paper is silent."""

    lr: Rate = 1e-5  # highest learning rate of the optimiser (B.2)
    channels: tuple[Width, ...] = (128, 128, 256)  # channels of the U-Net's levels
    res_blocks: Blocks = 3  # residual blocks a level
    groups: Width = 32  # groups of the U-Net's normalisation
    head_channels: Width = 64  # channels of an attention head
    timesteps: Count = 1000  # diffusion steps T
    t_test: tuple[Count, ...] = (250, 500, 750)  # steps that a reconstruction is averaged over
    shared_noise: bool = False  # one noise field a batch, as released, instead of one a slice


SMALL = {
    "batch": 16, "lr": 0.002, "schedule": "onecycle",
    "channels": [16, 32, 32], "res_blocks": 1, "groups": 8, "head_channels": 16,
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip


class Method(Reconstructor):
    """U-Net and noise; see the module. ``condition``: length of the code that a subclass conditions on, None without."""

    def __init__(
        self,
        hyper: Hyper,
        shape: tuple[int, int],
        needs: Mapping[str, BaseMethod] | None = None,
        condition: int | None = None,
    ) -> None:
        super().__init__(hyper, shape, needs)
        fits.steps(shape, hyper.t_test, hyper.timesteps)
        self.unet = ADMUNet(
            hyper.channels,
            hyper.res_blocks,
            condition,
            head_channels=hyper.head_channels,
            groups=hyper.groups,
        )
        self.diffusion = Diffusion(hyper.timesteps)
        self.noise = SimplexNoise(shape)

    def code(self, image: Tensor, generator: torch.Generator) -> Tensor | None:
        """What the U-Net is conditioned on: [B, condition] of ``image`` [B, 1, X, Y], None without."""
        return None

    def denoise(self, image: Tensor, t: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Reconstruction of ``image`` [B, 1, X, Y], in its units, noised to the indices ``t`` [B]; and its loss."""
        noise = self.noise(len(image), generator, shared=self.hyper.shared_noise)
        return self.diffusion.reconstruct(self.unet, image, t, noise, self.code(image, generator))

    def random_t(self, count: int, generator: torch.Generator) -> Tensor:
        """``count`` indices of diffusion steps, uniform in 0 ... T - 1."""
        return torch.randint(self.hyper.timesteps, (count,), generator=generator, device=generator.device)

    def loss(self, batch: Batch) -> Tensor:
        """Mean absolute error of the predicted slice, in [-1, 1] units, at a random t for each slice."""
        return self.denoise(batch.image, self.random_t(len(batch), batch.generator), batch.generator)[1]

    def reconstruct(self, volume: Tensor, generator: torch.Generator) -> Tensor:
        """Reconstructions [T, D, X, Y] at ``t_test`` of ``volume`` [D, X, Y] in [0, 1]; not clamped."""
        image = volume[:, None]
        indices = [torch.full((len(image),), t - 1, device=image.device) for t in self.hyper.t_test]
        return torch.stack([self.denoise(image, t, generator)[0][:, 0] for t in indices])
