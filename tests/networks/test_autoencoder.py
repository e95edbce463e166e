"""Laws of the autoencoder, and the published sizes."""

import pytest
import torch
from torch import Tensor, nn

from sadm.networks.autoencoder import AutoEncoder
from sadm.runtime.errors import ConfigError

SHAPE = (16, 24)


def small(dropout: float = 0.0, codes: int = 1) -> AutoEncoder:
    torch.manual_seed(0)
    return AutoEncoder(SHAPE, (4, 8, 8), 2, 6, dropout, codes)


@pytest.fixture
def image() -> Tensor:
    return torch.rand(5, 1, *SHAPE, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("stages", "codes", "parameters", "millions"),
    [(4, 1, 1_511_425, 1.51), (4, 2, 1_587_361, 1.59), (3, 1, 1_520_001, 1.52), (3, 2, 1_817_121, 1.82)],
)
def test_number_of_parameters(stages: int, codes: int, parameters: int, millions: float) -> None:
    with torch.device("meta"):
        net = AutoEncoder((96, 96), (32, 64, 128, 128)[:stages], codes=codes)
    found = sum(tensor.numel() for tensor in net.parameters())
    assert found == parameters
    assert round(found / 1e6, 2) == millions


def test_decoder_widths_fall_to_those_of_the_first_stage() -> None:
    with torch.device("meta"):
        net = AutoEncoder((96, 96))
    convs = [module for module in net.modules() if isinstance(module, nn.ConvTranspose2d)]
    assert [(conv.in_channels, conv.out_channels) for conv in convs] == [
        (128, 128), (128, 64), (64, 32), (32, 32),
    ]  # fmt: skip


@pytest.mark.parametrize("codes", [1, 2])
def test_code_and_slice_have_their_shapes_and_every_parameter_is_used(image: Tensor, codes: int) -> None:
    net = small(codes=codes)
    found = net.encode(image)
    assert [code.shape for code in found] == [(5, 6)] * codes
    drawn = net.decode(sum(found, torch.zeros(())))
    assert drawn.shape == image.shape
    drawn.square().sum().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None] == []


def test_batch_normalisation_normalises(image: Tensor) -> None:
    net = small()
    first = net.encoder[0]
    assert isinstance(first, nn.Sequential)
    conv, norm = first[0](image), first[1]
    out = norm(conv)
    torch.testing.assert_close(out.mean((0, 2, 3)), torch.zeros(4), rtol=0, atol=1e-5)
    torch.testing.assert_close(out.var((0, 2, 3), correction=0), torch.ones(4), rtol=0, atol=1e-2)
    assert (norm.running_mean != 0).all()
    # Features of bright and of dark batches are the same: the scale of a batch is normalised away.
    torch.testing.assert_close(net.encode(3 * image)[0], net.encode(image)[0], rtol=1e-2, atol=1e-2)


def test_samples_are_independent_in_evaluation(image: Tensor) -> None:
    net = small(0.5).eval()
    alone = net.decode(net.encode(image[:1])[0])
    torch.testing.assert_close(net.decode(net.encode(image)[0])[:1], alone)


def test_dropout_is_the_generators_and_keeps_the_mean() -> None:
    net, ones = small(0.2), torch.ones(2000, 50)
    before = torch.get_rng_state()
    dropped = net._drop(ones, torch.Generator().manual_seed(1))
    assert torch.equal(torch.get_rng_state(), before)
    assert dropped.unique().tolist() == pytest.approx([0, 1.25])
    assert float(dropped.mean()) == pytest.approx(1, abs=0.01)
    assert not torch.equal(dropped, net._drop(ones, torch.Generator().manual_seed(2)))
    assert net.eval()._drop(ones, None) is ones
    with pytest.raises(ValueError, match="generator"):
        net.train().decode(torch.zeros(2, 6))


def test_slice_that_does_not_fit(image: Tensor) -> None:
    with pytest.raises(ConfigError, match="16x20 pixels do not fit an autoencoder of 4 levels"):
        AutoEncoder((16, 20), (4, 8, 8))
    with pytest.raises(ConfigError, match="16x20 pixels"):
        small().encode(image[..., :20])
