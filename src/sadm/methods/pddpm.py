"""pDDPM: a diffusion model that denoises one patch of a slice at a time (Behrendt et al. 2023, "Patched diffusion models").

    x~_t = x_t in the patch, x_0 outside;   x0_hat = U(x~_t, t) in the patch, x_0 outside
    loss = mean |x0_hat - x_0| over all pixels of the slice, hence 0 outside the patch

Patches are the cells of a fixed grid without overlap; training noises one of them, drawn at random. A reconstruction noises
each in turn, with the same noise and t, and puts the cells together: 4 x 3 forward passes a slice, batched over the cells.
Network, noise, t and map as in ddpm.py. Open choice: no blending of overlapping patches.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sadm.methods import ddpm
from sadm.methods.base import BaseMethod, Batch
from sadm.networks.diffusion import from_signed, to_signed
from sadm.runtime.kinds import Blocks
from sadm.study import fits
from sadm.study.registry import Declares

DECLARES = Declares(
    reconstructs=True,
    passes="t_test",
    scored_with=("t_test",),
    fits={
        "adm_unet": ("channels", "head_channels", "groups"),
        "steps": ("t_test", "timesteps"),
        "patches": ("grid",),
    },
)


@dataclass(frozen=True)
class Hyper(ddpm.Hyper):
    """Paper, Appendix B; the network's sizes and the patches from the released code."""

    grid: Blocks = 2  # patches along each axis of a slice


SMALL = {
    "batch": 16, "lr": 0.002, "schedule": "onecycle",
    "channels": [16, 32, 32], "res_blocks": 1, "groups": 8, "head_channels": 16,
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip


class Method(ddpm.Method):
    """A DDPM and its grid of patches; see the module."""

    cells: Tensor

    def __init__(
        self, hyper: Hyper, shape: tuple[int, int], needs: dict[str, BaseMethod] | None = None
    ) -> None:
        super().__init__(hyper, shape, needs)
        self.register_buffer("cells", cells(hyper.grid, shape), persistent=False)

    def patched(self, image: Tensor, t: Tensor, noise: Tensor, cell: Tensor) -> Tensor:
        """Reconstruction in [-1, 1] units of ``image`` [B, 1, X, Y] of which only ``cell`` (bool, same shape) is noised."""
        x0 = to_signed(image)
        noised = torch.where(cell, self.diffusion.q_sample(x0, t, noise), x0)
        return torch.where(cell, self.unet(noised, t).float(), x0)

    def loss(self, batch: Batch) -> Tensor:
        """Mean absolute error over all pixels, in [-1, 1] units, of a random patch at a random t for each slice."""
        draws, count = batch.generator, len(batch)
        t, noise = self.random_t(count, draws), self.noise(count, draws, shared=self.hyper.shared_noise)
        drawn = torch.randint(len(self.cells), (count,), generator=draws, device=draws.device)
        found = self.patched(batch.image, t, noise, self.cells[drawn])
        return (found - to_signed(batch.image)).abs().mean()

    def reconstruct(self, volume: Tensor, generator: torch.Generator) -> Tensor:
        """Reconstructions [T, D, X, Y] at ``t_test`` of ``volume`` [D, X, Y] in [0, 1]; not clamped."""
        depth, count = len(volume), len(self.cells)
        image = volume[:, None].repeat(count, 1, 1, 1)
        cell = self.cells.repeat_interleave(depth, 0)
        made = []
        for step in self.hyper.t_test:
            noise = self.noise(depth, generator, shared=self.hyper.shared_noise).repeat(count, 1, 1, 1)
            t = torch.full((len(image),), step - 1, device=image.device)
            found = self.patched(image, t, noise, cell) * cell
            made.append(from_signed(found.unflatten(0, (count, depth)).sum(0)[:, 0]))
        return torch.stack(made)


def cells(grid: int, shape: tuple[int, int]) -> Tensor:
    """The patches as masks, bool [grid^2, 1, X, Y], which tile a slice. Raises ConfigError if they do not fit."""
    fits.patches(shape, grid)
    x, y = (torch.arange(size) // (size // grid) for size in shape)
    number = x[:, None] * grid + y
    return (number == torch.arange(grid**2)[:, None, None])[:, None]
