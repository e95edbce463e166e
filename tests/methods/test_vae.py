"""Covers sadm.methods.ae, sadm.methods.vae: their losses, and the code at test."""

from dataclasses import replace

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from sadm.methods import ae, vae
from sadm.methods.base import Batch, build
from sadm.runtime.errors import ConfigError

SHAPE, LATENT = (16, 16), 6
TINY = {"channels": (4, 8), "maps": 2, "latent": LATENT}


def batch(seed: int = 1) -> Batch:
    image = torch.rand(5, 1, *SHAPE, generator=torch.Generator().manual_seed(0))
    return Batch(image, None, image > -1, None, torch.Generator().manual_seed(seed), image)


def make_vae(**given: object) -> vae.Method:
    method = build("vae", TINY | given, SHAPE)
    assert isinstance(method, vae.Method)
    return method.eval()


def test_loss_of_ae_is_the_mean_absolute_error_of_its_reconstruction() -> None:
    method, given = build("ae", TINY, SHAPE).eval(), batch()
    assert isinstance(method, ae.Method)
    made = method.reconstruct(given.image[:, 0], given.generator)
    torch.testing.assert_close(method.loss(given), (made[0] - given.image[:, 0]).abs().mean())


def test_divergence_is_that_of_two_normal_distributions() -> None:
    mu, log_s = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    wanted = kl_divergence(Normal(mu, log_s.exp()), Normal(torch.zeros(()), torch.ones(())))
    torch.testing.assert_close(vae.kl(mu, log_s), wanted)
    assert float(vae.kl(torch.zeros(()), torch.zeros(()))) == 0


def test_samples_have_mean_and_deviation() -> None:
    mu, log_s = torch.tensor([-1.0, 2.0]).expand(50_000, 2), torch.tensor([0.1, 0.5]).log().expand(50_000, 2)
    drawn = vae.sample(mu, log_s, torch.Generator().manual_seed(0))
    assert drawn.mean(0).tolist() == pytest.approx([-1, 2], abs=0.01)
    assert drawn.std(0).tolist() == pytest.approx([0.1, 0.5], rel=0.02)


def test_reductions_weigh_the_divergence_by_the_number_of_pixels_and_of_code_numbers() -> None:
    def loss(beta: float, reduction: str) -> float:
        return make_vae(beta=beta, reduction=reduction).loss(batch()).item()

    pixels = SHAPE[0] * SHAPE[1]
    assert loss(0, "sum") == pytest.approx(pixels * loss(0, "mean"), rel=1e-5)
    divergence = {reduction: loss(1, reduction) - loss(0, reduction) for reduction in ("mean", "sum")}
    assert divergence["sum"] == pytest.approx(LATENT * divergence["mean"], rel=1e-3)
    mu, log_s = make_vae().net.encode(batch().image)
    assert divergence["mean"] == pytest.approx(vae.kl(mu, log_s).mean().item(), rel=1e-3)


def test_the_code_is_drawn_in_training_and_its_mean_is_taken_at_test() -> None:
    method, given = make_vae(), batch()
    assert method.loss(batch(1)) != method.loss(batch(2))
    draws = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    same = [method.reconstruct(given.image[:, 0], draw) for draw in draws]
    assert torch.equal(*same)
    method.hyper = replace(method.hyper, sample_test=True)
    other = [method.reconstruct(given.image[:, 0], draw) for draw in draws]
    assert not torch.equal(*other)


def test_unknown_reduction() -> None:
    with pytest.raises(ConfigError, match=r"hyper\.vae\.reduction"):
        make_vae(reduction="median")
