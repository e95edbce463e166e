"""FAE: its autoencoder's size and dropout, and the features, loss and map of the method."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from sadm.methods import fae
from sadm.methods.base import Batch, build
from sadm.networks.feature_autoencoder import FeatureAutoEncoder
from sadm.networks.imagenet import extractor
from sadm.networks.ssim import ssim
from sadm.prediction.score import Scoring
from sadm.runtime.errors import ConfigError

SHAPE = (24, 32)


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def make(**hyper: object) -> fae.Method:
    small = {"size": 32, "backbone_width": 4, "channels": (8, 12, 12)}
    method = build("fae", small | hyper, SHAPE)
    assert isinstance(method, fae.Method)
    method.score = Scoring(1.0, 1)
    return method


def batch() -> Batch:
    image = torch.rand(4, 1, *SHAPE, generator=draws())
    return Batch(image, None, image > 0.4, None, draws(1), image)


class Perfect(nn.Module):
    """The identity, in place of the autoencoder."""

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return x


def test_number_of_parameters() -> None:
    with torch.device("meta"):
        method = fae.Method(fae.Hyper(), (96, 96))
    trained = [p for p in method.parameters() if p.requires_grad]
    assert sum(p.numel() for p in method.net.parameters()) == sum(p.numel() for p in trained) == 10_285_048
    assert sum(p.numel() for p in method.extractor.parameters()) == 683_072


def test_no_convolution_has_a_bias_and_each_parameter_is_used() -> None:
    net = FeatureAutoEncoder(6, (4, 8), 0.1)
    assert all(m.bias is None for m in net.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d))
    x = torch.rand(3, 6, 8, 12, generator=draws())
    drawn = net(x, draws(1))
    assert drawn.shape == x.shape
    drawn.square().sum().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None] == []


def test_dropout_is_the_generators_by_channel_and_keeps_the_mean() -> None:
    net, ones = FeatureAutoEncoder(4, (4,), 0.25), torch.ones(100, 50, 3, 2)
    before = torch.get_rng_state()
    dropped = net._drop(ones, draws(1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(dropped, dropped[:, :, :1, :1].expand_as(ones))
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert float(dropped.mean()) == pytest.approx(1, abs=0.02)
    assert net.eval()._drop(ones, None) is ones
    with pytest.raises(ValueError, match="generator"):
        net.train()(torch.zeros(2, 4, 8, 8))


@pytest.mark.parametrize("size", [0, 96, 100])
def test_size_must_fit(size: int) -> None:
    with torch.device("meta"), pytest.raises(ConfigError, match=f"size {size} does not fit.*\n.*\n.*of 64"):
        fae.Method(fae.Hyper(size=size), (96, 96))


def test_features_are_three_layers_of_the_three_equal_channels() -> None:
    method = make().eval()
    image = torch.rand(2, 1, 32, 32, generator=draws())  # of `size`, hence not resized
    layers = method.extractor((image * 2 - 1).repeat(1, 3, 1, 1))
    found = method.features(image)
    assert found.shape == (2, 16, 8, 8)
    assert not found.requires_grad
    torch.testing.assert_close(found[:, :8], torch.cat(layers[:2], 1))
    corners = layers[2][:, :, ::3, ::3], found[:, 8:, ::7, ::7]  # the corners stay where they are
    torch.testing.assert_close(*corners)


def test_loss_is_one_minus_the_mean_ssim() -> None:
    method, given = make(adapt_statistics=False).eval(), batch()
    features = method.features(given.image)
    wanted = 1 - ssim(method.net(features), features, 5, 1.5).mean()
    torch.testing.assert_close(method.loss(given), wanted)


def test_perfect_reconstruction_has_no_loss_and_an_empty_map() -> None:
    method, given = make().eval(), batch()
    method.net = Perfect()  # type: ignore[assignment]
    torch.testing.assert_close(method.loss(given), torch.zeros(()), rtol=0, atol=1e-5)
    found = method.anomaly_map(given.image[:, 0], given.brain[:, 0], None)
    torch.testing.assert_close(found, torch.zeros(4, *SHAPE), rtol=0, atol=1e-5)


def test_map_has_the_volumes_grid_and_finds_where_features_differ() -> None:
    method, volume = make().eval(), batch().image[:, 0]

    class Wrong(Perfect):
        def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
            return torch.cat([x[..., :4], -x[..., 4:]], -1)

    method.net = Wrong()  # type: ignore[assignment]
    found = method.anomaly_map(volume, torch.ones_like(volume) > 0, None)
    assert found.shape == volume.shape
    assert found[:, :, 20:].mean() > 100 * found[:, :, :4].abs().mean()


@pytest.mark.parametrize("adapt", [True, False])
def test_statistics_of_the_extractor_adapt_only_if_asked(adapt: bool) -> None:
    method = make(adapt_statistics=adapt)
    before = {name: t.clone() for name, t in method.extractor.state_dict().items()}
    optimiser = method.train().optimiser()
    method.loss(batch()).backward()
    optimiser.step()
    after = method.extractor.state_dict()
    moved = {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}
    buffers = {name for name, _ in method.extractor.named_buffers()}
    assert moved == (buffers if adapt else set())
    method.eval().loss(batch())
    assert all(torch.equal(after[name], tensor) for name, tensor in method.extractor.state_dict().items())


def test_training_draws_from_the_batch_and_evaluation_does_not() -> None:
    method, given = make(adapt_statistics=False), batch()
    first, second = (method.loss(replace(given, generator=draws(seed))) for seed in (1, 2))
    assert first != second
    method.eval()
    first, second = (method.loss(replace(given, generator=draws(seed))) for seed in (1, 2))
    assert first == second


def test_adopts_the_weights_of_its_extractor_only() -> None:
    method = make()
    torch.manual_seed(9)
    given = extractor("resnet18", 4).state_dict()
    method.adopt(given)
    assert all(torch.equal(t, given[name]) for name, t in method.extractor.state_dict().items())
    with pytest.raises(ConfigError, match=r"hyper\.fae\.backbone_width"):
        method.adopt(extractor("resnet18", 8).state_dict())
