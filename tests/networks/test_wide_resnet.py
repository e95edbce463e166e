"""Laws of PII's wide residual network."""

import pytest
import torch
from torch.nn import functional as F

from sadm.networks.wide_resnet import WideBlock, WideResNet
from sadm.runtime.errors import ConfigError


@pytest.fixture
def image() -> torch.Tensor:
    return torch.rand(3, 1, 16, 24, generator=torch.Generator().manual_seed(1))


def test_the_default_is_the_reference() -> None:
    """4,164,763 parameters; 96 -> 6 -> 96."""
    with torch.device("meta"):
        net = WideResNet()
        assert net(torch.rand(2, 1, 96, 96)).shape == (2, 1, 96, 96)
    assert sum(p.numel() for p in net.parameters()) == 4_164_763
    assert not any(
        name.startswith("layers") and "bn" not in name and "bias" in name for name in net.state_dict()
    )


def literal(block: WideBlock, x: torch.Tensor) -> torch.Tensor:
    """A block in words, with pixels doubled before the second normalisation."""
    active = F.relu(block.bn1(x))
    wide = F.conv2d(F.pad(active, (1, 1, 1, 1)), block.conv1.weight)  # [.., k] is centred on pixel k
    if block.stride == 2:
        wide = wide[..., 1::2, 1::2]  # Keras: a window over pixels 2k, 2k + 1, 2k + 2
    hidden, short = wide, x if block.shortcut is None else block.shortcut(active)
    if block.shortcut is None and block.stride == 2:
        short = F.avg_pool2d(x, 2)
    if block.up:
        hidden, short = (F.interpolate(a, scale_factor=2, mode="nearest") for a in (hidden, short))
    return short + block.conv2(F.relu(block.bn2(hidden)))


@pytest.mark.parametrize(
    ("inputs", "outputs", "how", "shape"),
    [
        (3, 5, {}, (8, 6)),
        (3, 5, {"stride": 2}, (4, 3)),
        (4, 4, {"stride": 2}, (4, 3)),
        (5, 3, {"up": True}, (16, 12)),
        (4, 4, {"up": True}, (16, 12)),
    ],
)
def test_blocks_are_those_in_words(inputs: int, outputs: int, how: dict, shape: tuple[int, int]) -> None:
    block, x = WideBlock(inputs, outputs, **how).double(), torch.randn(2, inputs, 8, 6, dtype=torch.float64)
    for bn in (block.bn1, block.bn2):
        torch.nn.init.uniform_(bn.weight, 0.5, 1.5)
        torch.nn.init.uniform_(bn.bias, -0.5, 0.5)
    assert block(x).shape == (2, outputs, *shape)
    torch.testing.assert_close(block(x), literal(block, x))
    block.eval()
    torch.testing.assert_close(block(x), literal(block, x))


def test_batch_normalisation_is_that_of_keras() -> None:
    """x (mean 3, variance 4) in training: (x - 3) / sqrt(4 + .001), and 1 % of the way from the running 0 and 1."""
    block = WideBlock(1, 1)
    x = torch.tensor([1.0, 5.0]).view(2, 1, 1, 1).expand(2, 1, 4, 4)
    torch.testing.assert_close(block.bn1(x), (x - 3) / 4.001**0.5)
    assert block.bn1.running_mean is not None
    assert block.bn1.running_mean.item() == pytest.approx(0.03)
    assert block.bn1.running_var is not None
    assert block.bn1.running_var.item() == pytest.approx(1 + 0.01 * (4 * 32 / 31 - 1))


def test_samples_are_independent_in_evaluation_and_all_parameters_are_used(image: torch.Tensor) -> None:
    net = WideResNet((8, 12, 16))
    net(image).square().sum().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []
    net.eval()
    torch.testing.assert_close(net(image)[1:2], net(image[1:2]), rtol=1e-4, atol=1e-5)


def test_memory_format_does_not_matter_and_a_size_that_does_not_fit_is_named(image: torch.Tensor) -> None:
    net = WideResNet((8, 12, 16)).eval()
    wanted = net(image)
    net.to(memory_format=torch.channels_last)
    torch.testing.assert_close(net(image), wanted, rtol=1e-4, atol=1e-5)
    with pytest.raises(ConfigError, match="3 levels"):
        net(image[..., :14])
