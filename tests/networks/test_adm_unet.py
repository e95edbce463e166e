"""Laws of the denoising U-Net at the sizes of CPU studies."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sadm.networks.adm_unet import ADMUNet, Attention, doubled_conv
from sadm.runtime.errors import ConfigError


def small(condition: int | None = 8) -> ADMUNet:
    """Small net whose weights are all random."""
    net = ADMUNet((8, 16, 16), 1, condition, head_channels=8, groups=4)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
    return net


@pytest.fixture
def inputs() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(3, 1, 16, 24, generator=generator)
    return x, torch.tensor([5, 500, 990]), torch.randn(3, 8, generator=generator)


def test_first_prediction_is_zero(inputs: tuple[Tensor, Tensor, Tensor]) -> None:
    net = ADMUNet((8, 16, 16), 1, 8, head_channels=8, groups=4)
    assert torch.equal(net(*inputs), torch.zeros(3, 1, 16, 24))


def test_samples_are_independent(inputs: tuple[Tensor, Tensor, Tensor]) -> None:
    net = small()
    alone = net(*(part[1:2] for part in inputs))
    torch.testing.assert_close(net(*inputs)[1:2], alone)


@pytest.mark.parametrize("changed", [0, 1, 2])
def test_every_input_matters(inputs: tuple[Tensor, Tensor, Tensor], changed: int) -> None:
    net, other = small(), list(inputs)
    other[changed] = other[changed].flip(0)
    assert (net(*inputs)[0] - net(*other)[0]).abs().max() > 1e-3


@pytest.mark.parametrize("condition", [8, None])
def test_every_parameter_is_used(inputs: tuple[Tensor, Tensor, Tensor], condition: int | None) -> None:
    net = small(condition)
    net(*inputs[: 2 + (condition is not None)]).square().sum().backward()
    unused = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert unused == []


def test_memory_format_and_precision(inputs: tuple[Tensor, Tensor, Tensor]) -> None:
    net = small()
    wanted = net(*inputs)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = net(*inputs)
    torch.testing.assert_close(
        net.to(memory_format=torch.channels_last)(*inputs), wanted, rtol=1e-4, atol=1e-4
    )
    assert rounded.dtype == torch.bfloat16
    assert (rounded.float() - wanted).square().mean().sqrt() < 0.03 * wanted.std()


def test_doubled_conv_is_a_convolution_of_doubled_pixels() -> None:
    conv = nn.Conv2d(3, 5, 3, padding=1).double()
    x = torch.randn(2, 3, 4, 7, dtype=torch.float64)
    wanted = conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
    torch.testing.assert_close(doubled_conv(x, conv), wanted, rtol=1e-12, atol=1e-12)


def test_attention_is_softmax_over_all_pixels() -> None:
    layer = Attention(8, head_channels=4, groups=2)
    nn.init.normal_(layer.proj_out.weight)
    x = torch.randn(2, 8, 3, 5)
    query, key, value = layer.qkv(layer.norm(x).flatten(2)).chunk(3, 1)
    heads = []
    for head in (slice(0, 4), slice(4, 8)):
        weight = torch.einsum("bcq,bck->bqk", query[:, head], key[:, head]).div(2).softmax(2)
        heads.append(torch.einsum("bqk,bck->bcq", weight, value[:, head]))
    wanted = x + layer.proj_out(torch.cat(heads, 1)).view_as(x)
    torch.testing.assert_close(layer(x, torch.empty(0)), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("sizes", [{"channels": (8, 12)}, {"channels": (8, 24), "head_channels": 16}])
def test_channels_that_do_not_fit(sizes: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(ConfigError, match="multiples"):
        ADMUNet(**{"groups": 8, "head_channels": 8} | sizes)


def test_slice_that_does_not_fit() -> None:
    with pytest.raises(ConfigError, match="16x18 pixels do not fit a U-Net of 3 levels"):
        small(None)(torch.zeros(1, 1, 16, 18), torch.zeros(1))
