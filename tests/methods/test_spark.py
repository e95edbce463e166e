"""SparK hides cells at random, scores only them, and hands its encoder to the cDDPM."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from sadm.methods import cddpm, spark
from sadm.methods.base import Batch, build
from sadm.runtime.errors import ConfigError

TINY = {"encoder_layers": (1, 1, 1, 1), "encoder_width": 4}
CDDPM = TINY | {"channels": (8, 8), "res_blocks": 1, "groups": 4, "head_channels": 8, "condition": 6}


def make(shape: tuple[int, int] = (48, 48), seed: int = 0, **given: object) -> spark.Method:
    method = build("spark", TINY | {"decoder_width": 32} | given, shape, seed=seed)
    assert isinstance(method, spark.Method)
    return method


def batch(shape: tuple[int, int], seed: int = 1) -> Batch:
    image = torch.rand(6, 1, *shape, generator=torch.Generator().manual_seed(0))
    return Batch(image, None, image > -1, None, torch.Generator().manual_seed(seed), image)


class Fixed(nn.Module):
    """Draws ``value`` everywhere and keeps what it was given."""

    cell = 32

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor, cells: Tensor, generator: torch.Generator) -> Tensor:
        self.x, self.cells = x, cells
        return torch.full_like(x, self.value)


@pytest.mark.parametrize(
    ("shape", "grid", "visible"),
    [((96, 96), (3, 3), 3), ((48, 48), (2, 2), 1), ((32, 20), (2, 2), 1), ((96, 120), (3, 4), 4)],
)
def test_a_share_of_the_cells_is_hidden(shape: tuple[int, int], grid: tuple[int, int], visible: int) -> None:
    method = make(shape)
    cells = method.draw(3000, torch.Generator().manual_seed(1))
    assert cells.shape == (3000, 1, *grid)
    assert (cells.sum((1, 2, 3)) == visible).all()
    often = cells.float().mean(0)
    torch.testing.assert_close(often, torch.full_like(often, visible / cells[0].numel()), rtol=0, atol=0.04)


@pytest.mark.parametrize("ratio", [0.01, 0.99])
def test_one_cell_at_least_is_hidden_and_one_visible(ratio: float) -> None:
    assert 1 <= make(mask_ratio=ratio).visible <= 3


def test_loss_is_the_mean_error_of_hidden_cells() -> None:
    method, given = make((96, 96)), batch((96, 96))
    method.net = Fixed(0.3)  # type: ignore[assignment]
    found = method.loss(given)
    squared = (given.image - 0.3).square().unfold(2, 32, 32).unfold(3, 32, 32).mean((4, 5))
    torch.testing.assert_close(found, squared[~method.net.cells].mean())
    assert torch.equal(method.net.x, given.image)


def test_padding_is_not_scored() -> None:
    method, given = make((48, 40)), batch((48, 40))
    given = replace(given, image=torch.ones_like(given.image))
    method.net = Fixed(0.25)  # type: ignore[assignment]
    assert float(method.loss(given)) == pytest.approx(0.75**2)
    assert torch.equal(method.net.x[:, :, 8:56, 12:52], given.image)
    assert method.net.x.sum() == given.image.sum()


def test_hidden_pixels_reach_the_loss_only_as_its_target() -> None:
    method, given = make().eval(), batch((48, 48))
    image = given.image.requires_grad_()
    cells = method.draw(len(given), torch.Generator().manual_seed(1))
    (gradient,) = torch.autograd.grad(
        method.net(spark.pad(image, method.margins), cells).square().sum(), image
    )
    hidden = spark.pad(~spark.Visible(cells).mask(torch.empty(6, 1, 64, 64)), [-8] * 4)
    assert not gradient[hidden].any()
    assert gradient[~hidden].any()


def test_cddpm_takes_the_encoder_over() -> None:
    trained = make(seed=5).requires_grad_(False)
    method = build("cddpm", CDDPM, (48, 48), {"spark": trained})
    alone = build("cddpm", CDDPM, (48, 48))
    assert isinstance(method, cddpm.Method)
    assert isinstance(alone, cddpm.Method)
    own = trained.net.encoder.state_dict()
    found, other = method.encoder.state_dict(), alone.encoder.state_dict()
    assert set(found) - set(own) == {"fc.weight", "fc.bias"}
    assert all(torch.equal(found[name], value) for name, value in own.items())
    assert any(not torch.equal(other[name], value) for name, value in own.items())
    assert all(torch.equal(found[name], other[name]) for name in ("fc.weight", "fc.bias"))
    assert all(parameter.requires_grad for parameter in method.parameters())
    assert method.needs == {}


def test_the_copy_is_not_shared() -> None:
    trained = make()
    method = build("cddpm", CDDPM, (48, 48), {"spark": trained})
    assert isinstance(method, cddpm.Method)
    with torch.no_grad():
        method.encoder.conv1.weight.add_(1)
    assert not torch.equal(trained.net.encoder.conv1.weight, method.encoder.conv1.weight)


@pytest.mark.parametrize(
    "other", [{"encoder_width": 8}, {"encoder_layers": (1, 1, 1)}, {"encoder_layers": (1, 2, 1, 1)}]
)
def test_encoders_of_different_sizes(other: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="different encoders"):
        build("cddpm", CDDPM | other, (48, 48), {"spark": make()})


def test_optimiser_is_adamw() -> None:
    optimiser = make().optimiser()
    assert isinstance(optimiser, torch.optim.AdamW)
    (group,) = optimiser.param_groups
    assert (group["lr"], group["weight_decay"], group["betas"]) == (1e-4, 0.05, (0.9, 0.95))
