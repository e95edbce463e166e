"""VAE: a variational autoencoder (Kingma and Welling 2014; Baur et al. 2021).

    mu, log s = E(x),   z = mu + s eps,   eps ~ N(0, 1),   x_hat = D(z)
    loss = |x_hat - x| + beta KL,    KL = (mu^2 + s^2 - log s^2 - 1) / 2

Network and map as in ae.py, z = mu at test. Open choices: both terms are means, over pixels and
over the code's numbers, as the released configuration names it (``reduction: sum`` adds them up, where the same beta weighs 72
times less at 96x96); z is sampled in training only, where the port also samples it at test (``sample_test``); the sum is not
divided by 1 + beta, which Adam would not notice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from sadm.methods import ae
from sadm.methods.base import BaseMethod, Batch
from sadm.runtime.errors import ConfigError
from sadm.runtime.kinds import Weight
from sadm.study.registry import Declares

DECLARES = Declares(reconstructs=True, fits={"autoencoder": ("channels",)})


@dataclass(frozen=True)
class Hyper(ae.Hyper):
    """Paper, Appendix B; the network's sizes from the Hamburg port."""

    beta: Weight = 0.001  # weight of the divergence KL
    reduction: Literal["mean", "sum"] = (
        "mean"  # of both terms: mean (over pixels, over the code), sum (mean over slices only)
    )
    sample_test: bool = False  # draw z at test too, instead of its mean


SMALL = {
    "batch": 16, "lr": 0.002, "schedule": "onecycle",
    "channels": [16, 32, 64], "latent": 64,
    "augment_blur": 0, "augment_ghosting": 0,
}  # fmt: skip


class Method(ae.Method):
    """Encoder with two heads, and decoder; see the module."""

    def __init__(
        self, hyper: Hyper, shape: tuple[int, int], needs: Mapping[str, BaseMethod] | None = None
    ) -> None:
        super().__init__(hyper, shape, needs, codes=2)
        if hyper.reduction not in (
            "mean",
            "sum",
        ):  # as the study's check refuses it; weights of others come here unchecked
            raise ConfigError(f"hyper.vae.reduction: there is no {hyper.reduction!r}", fix="use mean or sum")

    def code(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Code [B, latent] that ``image`` [B, 1, X, Y] is reconstructed from at test: mu, or z if ``sample_test``."""
        mu, log_s = self.net.encode(image)
        return sample(mu, log_s, generator) if self.hyper.sample_test else mu

    def loss(self, batch: Batch) -> Tensor:
        """Absolute error of the reconstruction of a sampled z, and beta times the divergence of its distribution."""
        mu, log_s = self.net.encode(batch.image)
        found = self.net.decode(sample(mu, log_s, batch.generator), batch.generator)
        error, divergence = (found - batch.image).abs(), kl(mu, log_s)
        if self.hyper.reduction == "mean":
            return error.mean() + self.hyper.beta * divergence.mean()
        return (error.sum() + self.hyper.beta * divergence.sum()) / len(batch)


def sample(mu: Tensor, log_s: Tensor, generator: torch.Generator) -> Tensor:
    """One draw of N(mu, s^2), of the shape of ``mu``."""
    noise = torch.randn(mu.shape, generator=generator, device=mu.device)
    return mu + log_s.exp() * noise


def kl(mu: Tensor, log_s: Tensor) -> Tensor:
    """Kullback-Leibler divergence of N(mu, s^2) from N(0, 1) of each number, >= 0."""
    return (mu.square() + torch.exp(2 * log_s) - 1) / 2 - log_s
