"""Laws of DRAEM's two networks."""

import pytest
import torch
from torch import nn

from sadm.networks.draem_unets import Discriminative, Reconstructive
from sadm.runtime.errors import ConfigError


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    first, second = torch.rand(2, 3, 1, 16, 24, generator=torch.Generator().manual_seed(1))
    return first, second


def test_the_defaults_are_the_reference() -> None:
    """69,043,969 and 28,371,842 parameters; 96 fits both."""
    with torch.device("meta"):
        image, nets = torch.rand(2, 1, 96, 96), (Reconstructive(), Discriminative())
        assert nets[0](image).shape == (2, 1, 96, 96)
        assert nets[1](image, image).shape == (2, 2, 96, 96)
    assert [sum(p.numel() for p in net.parameters()) for net in nets] == [69_043_969, 28_371_842]


def test_widths_of_the_decoders() -> None:
    """Up-convolutions and blocks as the reference has them."""

    def widths(layers: nn.ModuleList) -> list[list[int]]:
        convs = [[m for m in block if isinstance(m, nn.Conv2d)] for block in layers]
        return [[block[0].in_channels, *(conv.out_channels for conv in block)] for block in convs]

    with torch.device("meta"):
        first, second = Reconstructive(), Discriminative()
    assert widths(first.up) == [[n, n] for n in (1024, 512, 256, 128)]
    assert widths(first.blocks) == [[1024, 1024, 512], [512, 512, 256], [256, 256, 128], [128, 128, 128]]
    assert [each[1] for each in widths(second.up)] == [512, 256, 128, 64, 64]
    inputs = [512 + 512, 256 + 512, 128 + 256, 64 + 128, 64 + 64]
    assert widths(second.blocks) == [[n, m, m] for n, m in zip(inputs, (512, 256, 128, 64, 64), strict=True)]


def test_initial_weights() -> None:
    nets = Reconstructive((32, 64)), Discriminative((32, 64))
    modules = [m for net in nets for m in net.modules()]
    filters = torch.cat([m.weight.flatten() for m in modules if isinstance(m, nn.Conv2d)])
    norms = torch.cat([m.weight for m in modules if isinstance(m, nn.BatchNorm2d)])
    assert filters.std().item() == pytest.approx(0.02, rel=0.02)
    assert filters.mean().item() == pytest.approx(0, abs=5e-4)
    assert norms.std().item() == pytest.approx(0.02, rel=0.2)
    assert norms.mean().item() == pytest.approx(1, abs=5e-3)
    assert not any(m.bias.any() for m in modules if isinstance(m, nn.BatchNorm2d))


def test_samples_are_independent_in_evaluation_and_all_parameters_are_used(
    pair: tuple[torch.Tensor, torch.Tensor],
) -> None:
    for net, inputs in ((Reconstructive((4, 8, 8)), pair[:1]), (Discriminative((4, 8, 8)), pair)):
        net(*inputs).square().sum().backward()
        # A convolution's shift is lost in the batch normalisation behind it.
        used = [name for name, p in net.named_parameters() if p.grad is not None and p.grad.any()]
        assert {name for name, _ in net.named_parameters() if name.endswith("weight")} <= set(used)
        net.eval()
        torch.testing.assert_close(net(*inputs)[:1], net(*(a[:1] for a in inputs)), rtol=1e-4, atol=1e-6)


def test_the_discriminative_net_tells_its_inputs_apart(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    net = Discriminative((4, 8, 8))
    assert not torch.allclose(net(*pair), net(*reversed(pair)))


def test_a_size_that_does_not_fit_is_named() -> None:
    with pytest.raises(ConfigError, match="6 levels"):
        Discriminative((4,) * 6)(torch.rand(2, 1, 48, 48), torch.rand(2, 1, 48, 48))
    assert Discriminative((4,) * 5)(torch.rand(2, 1, 48, 48), torch.rand(2, 1, 48, 48)).shape == (
        2,
        2,
        48,
        48,
    )
