"""The noise of the DAE, its loss, and what of its output counts."""

import pytest
import torch
from torch import Tensor, nn

from sadm.methods import dae
from sadm.methods.base import Batch, build
from sadm.prediction.score import Scoring


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def make() -> dae.Method:
    method = build("dae", {"channels": (4, 8), "noise_grid": 4}, (16, 24))
    assert isinstance(method, dae.Method)
    return method


def batch() -> Batch:
    image = torch.rand(3, 1, 16, 24, generator=draws())
    return Batch(image, None, image > 0.4, None, draws(1), image)


class Same(nn.Module):
    """The identity, which keeps what it was given."""

    def forward(self, x: Tensor) -> Tensor:
        self.x = x
        return x


@pytest.mark.parametrize("shape", [(96, 96), (128, 128), (96, 120)])
def test_deviation_of_the_enlarged_noise(shape: tuple[int, int]) -> None:
    noise = dae.coarse_noise(300, shape, 16, 0.2, draws())
    assert noise.shape == (300, 1, *shape)
    assert float(noise.std()) == pytest.approx(0.134, abs=0.002)
    assert float(noise.mean()) == pytest.approx(0, abs=0.003)


def test_noise_is_coarse_and_independent_between_slices() -> None:
    noise = dae.coarse_noise(200, (96, 96), 16, 0.2, draws())[:, 0]
    near = (noise[:, :, 1:] * noise[:, :, :-1]).mean() / noise.var()
    far = (noise[:, :, 20:] * noise[:, :, :-20]).mean() / noise.var()
    assert near > 0.95
    assert abs(far) < 0.05
    assert abs((noise[1:] * noise[:-1]).mean() / noise.var()) < 0.02


def test_roll_moves_the_grid_around() -> None:
    """With as many grid points as pixels nothing is enlarged, and a roll only permutes the values."""
    generator = draws(3)
    rolled = dae.coarse_noise(2, (6, 6), 6, 1.0, generator)
    generator = draws(3)
    plain = torch.randn(2, 1, 6, 6, generator=generator)
    steps = [int(torch.randint(6, (1,), generator=generator)) for _ in range(2)]
    assert steps != [0, 0]
    torch.testing.assert_close(rolled, plain.roll([-step for step in steps], (2, 3)))


def test_noise_is_added_in_the_brain_only() -> None:
    method, given = make(), batch()
    method.net = Same()  # type: ignore[assignment]
    loss = method.loss(given)
    added = method.net.x - given.image
    assert not added[~given.brain].any()
    assert added[given.brain].abs().min() > 0
    torch.testing.assert_close(loss, added.square().sum() / added.numel())


def test_errors_outside_the_brain_do_not_count() -> None:
    method, given = make(), batch()
    method.net = nn.Flatten(0, 0)  # type: ignore[assignment]
    outside = Batch(
        given.image * given.brain + 7.0 * ~given.brain, None, given.brain, None, draws(1), given.image
    )
    assert method.loss(outside) == method.loss(batch())


def test_reconstruction_is_without_noise() -> None:
    method, volume = make(), batch().image[:, 0]
    method.net = Same()  # type: ignore[assignment]
    assert torch.equal(method.reconstruct(volume, draws())[0], volume)


def test_output_outside_the_brain_does_not_reach_the_map() -> None:
    method = make()
    method.score = Scoring(1.0, 3)
    brain = torch.zeros(6, 16, 24, dtype=torch.bool)
    brain[1:5, 4:12, 4:20] = True
    volume = torch.rand(brain.shape, generator=draws()) * brain
    made = torch.rand(1, *brain.shape, generator=draws(1))
    found = method.anomaly_map(volume, brain, made)
    assert found[brain].any()
    assert torch.equal(found, method.anomaly_map(volume, brain, made + 5.0 * ~brain))


def test_optimiser_and_clipping_are_the_references() -> None:
    method = make()
    (group,) = method.optimiser().param_groups
    assert (group["lr"], group["weight_decay"], group["amsgrad"]) == (1e-4, 1e-5, True)
    (100 * method.loss(batch())).backward()
    method.limit_gradients()
    norm = torch.cat([p.grad.flatten() for p in method.parameters() if p.grad is not None]).norm()
    assert float(norm) == pytest.approx(0.5, rel=1e-3)
