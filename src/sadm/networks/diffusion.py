"""Forward diffusion with a cosine schedule, and the single-step reconstruction of cDDPM (paper, section 3).

    abar(s) = f(s) / f(0),  f(s) = cos^2((s / T + 0.008) / 1.008 pi / 2),  beta_t = min(1 - abar(t + 1) / abar(t), 0.999)
    x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise

Nichol and Dhariwal 2021. Slices are diffused in [-1, 1]; images elsewhere in the project are in [0, 1].
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from sadm.runtime.errors import ConfigError

OFFSET = 0.008
HIGHEST_BETA = 0.999


class Diffusion(nn.Module):
    """Schedule of ``timesteps`` steps, index 0 ... T - 1, as float32 buffers named as in the released checkpoints."""

    sqrt_alphas_cumprod: Tensor
    sqrt_one_minus_alphas_cumprod: Tensor

    def __init__(self, timesteps: int = 1000) -> None:
        super().__init__()
        for name, values in schedule(timesteps).items():
            self.register_buffer(name, values.float())

    def q_sample(self, x0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """x_t of ``x0`` [B, 1, H, W] in [-1, 1] at the indices ``t`` [B] (integers); ``noise`` of the shape of x0.

        Raises ConfigError for an index below 0, which would count from the end, or beyond the last step.
        """
        last = len(self.sqrt_alphas_cumprod) - 1
        if int(t.min()) < 0 or int(t.max()) > last:
            cause = f"steps {int(t.min()) + 1} to {int(t.max()) + 1}"
            raise ConfigError("A step of the diffusion does not exist.", cause=cause, fix=f"1 to {last + 1}")
        signal = self.sqrt_alphas_cumprod[t][:, None, None, None]
        return signal * x0 + self.sqrt_one_minus_alphas_cumprod[t][:, None, None, None] * noise

    def reconstruct(
        self,
        network: Callable[..., Tensor],
        image: Tensor,
        t: Tensor,
        noise: Tensor,
        condition: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Reconstruction of ``image`` in one call of ``network(x_t, t, condition)``, and its loss.

        ``image`` float32 [B, 1, H, W] in about [0, 1]; ``t`` [B]. The reconstruction is in the image's units, not clamped;
        the loss is the mean absolute error over all pixels in [-1, 1] units, twice that of the reconstruction.
        """
        x0 = to_signed(image)
        predicted = network(self.q_sample(x0, t, noise), t, condition).float()
        return from_signed(predicted), (predicted - x0).abs().mean()


def to_signed(image: Tensor) -> Tensor:
    """[0, 1] -> [-1, 1]."""
    return 2 * image - 1


def from_signed(x: Tensor) -> Tensor:
    """[-1, 1] -> [0, 1]."""
    return (x + 1) / 2


def schedule(timesteps: int) -> dict[str, Tensor]:
    """Every tensor [timesteps] of the schedule, float64, by its released name (Ho et al. 2020, equations 4, 6, 7)."""
    steps = torch.arange(timesteps + 1, dtype=torch.float64)
    curve = torch.cos((steps / timesteps + OFFSET) / (1 + OFFSET) * math.pi / 2) ** 2
    betas = (1 - curve[1:] / curve[:-1]).clamp(0, HIGHEST_BETA)
    bar = torch.cumprod(1 - betas, 0)
    before = torch.cat([bar.new_ones(1), bar[:-1]])
    variance = betas * (1 - before) / (1 - bar)
    return {
        "betas": betas,
        "alphas_cumprod": bar,
        "alphas_cumprod_prev": before,
        "sqrt_alphas_cumprod": bar.sqrt(),
        "sqrt_one_minus_alphas_cumprod": (1 - bar).sqrt(),
        "log_one_minus_alphas_cumprod": (1 - bar).log(),
        "sqrt_recip_alphas_cumprod": (1 / bar).sqrt(),
        "sqrt_recipm1_alphas_cumprod": (1 / bar - 1).sqrt(),
        "posterior_variance": variance,
        "posterior_log_variance_clipped": variance.clamp(min=1e-20).log(),
        "posterior_mean_coef1": betas * before.sqrt() / (1 - bar),
        "posterior_mean_coef2": (1 - before) * (1 - betas).sqrt() / (1 - bar),
        "p2_loss_weight": torch.ones_like(betas),
    }
