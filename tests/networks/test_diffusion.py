"""The schedule has the paper's numbers and the laws of a diffusion; a reconstruction is one call of the network."""

import math

import pytest
import torch
from torch import Tensor

from sadm.networks.diffusion import Diffusion, schedule
from sadm.runtime.errors import ConfigError


def test_alpha_bar_at_the_test_steps() -> None:
    bar = schedule(1000)["alphas_cumprod"][[249, 499, 749]]
    assert bar.tolist() == pytest.approx([0.847012, 0.493844, 0.144272], abs=5e-7)
    assert float(schedule(1000)["alphas_cumprod"][999]) == pytest.approx(2.4e-9, rel=0.05)
    diffusion = Diffusion()
    signal, noise = diffusion.sqrt_alphas_cumprod, diffusion.sqrt_one_minus_alphas_cumprod
    pairs = [(float(signal[t]), float(noise[t])) for t in (249, 499, 749)]
    wanted = [(0.920333, 0.391137), (0.702740, 0.711447), (0.379832, 0.925056)]
    assert [value for pair in pairs for value in pair] == pytest.approx(sum(wanted, ()), abs=1e-6)


@pytest.mark.parametrize("steps", [10, 1000])
def test_schedule_is_the_cosine_until_beta_is_clipped(steps: int) -> None:
    values = schedule(steps)

    def curve(step: int) -> float:
        return math.cos((step / steps + 0.008) / 1.008 * math.pi / 2) ** 2

    wanted = [curve(step + 1) / curve(0) for step in range(steps - 1)]
    assert values["alphas_cumprod"][:-1].tolist() == pytest.approx(wanted, rel=1e-9)
    assert float(values["betas"][-1]) == 0.999
    assert (values["betas"].diff() > 0).all()


def test_posterior_mean_of_a_noise_free_path() -> None:
    """Where x_t is its mean given x_0, so is x_(t-1); its variance is below that of both steps (Ho et al., equation 7)."""
    values = schedule(1000)
    mean = values["posterior_mean_coef1"] + values["posterior_mean_coef2"] * values["sqrt_alphas_cumprod"]
    torch.testing.assert_close(mean, values["alphas_cumprod_prev"].sqrt())
    assert (values["posterior_variance"] <= values["betas"]).all()
    assert float(values["posterior_variance"][0]) == 0
    power = values["sqrt_recip_alphas_cumprod"] ** 2 - values["sqrt_recipm1_alphas_cumprod"] ** 2
    torch.testing.assert_close(power[:900], torch.ones(900, dtype=torch.float64))


def test_noising_uses_the_step_of_each_sample() -> None:
    diffusion, generator = Diffusion(), torch.Generator().manual_seed(1)
    x0, noise = torch.randn(2, 3, 1, 4, 5, generator=generator)
    t = torch.tensor([0, 400, 999])
    bar = schedule(1000)["alphas_cumprod"]
    wanted = [bar[s].sqrt() * x + (1 - bar[s]).sqrt() * n for x, s, n in zip(x0, t, noise, strict=True)]
    torch.testing.assert_close(diffusion.q_sample(x0, t, noise), torch.stack(wanted).float())


def test_reconstruction_is_one_prediction_of_the_clean_slice() -> None:
    diffusion, generator = Diffusion(), torch.Generator().manual_seed(1)
    image, noise = torch.rand(2, 3, 1, 4, 5, generator=generator)
    t, code = torch.tensor([10, 500, 990]), torch.zeros(3, 2)
    calls = []

    def network(x: Tensor, step: Tensor, condition: Tensor) -> Tensor:
        calls.append((x, step, condition))
        return torch.full_like(x, 0.5)

    reconstruction, loss = diffusion.reconstruct(network, image, t, noise, code)
    assert torch.equal(reconstruction, torch.full_like(image, 0.75))
    torch.testing.assert_close(loss, 2 * (image - 0.75).abs().mean())
    ((x, step, condition),) = calls
    assert torch.equal(x, diffusion.q_sample(2 * image - 1, t, noise))
    assert step is t
    assert condition is code


@pytest.mark.parametrize("index", [-1, -6, 1000, 5000])
def test_a_step_that_does_not_exist_is_refused(index: int) -> None:
    image = torch.ones(2, 1, 2, 2)
    with pytest.raises(ConfigError, match="does not exist"):
        Diffusion(1000).q_sample(image, torch.tensor([500, index]), image)
