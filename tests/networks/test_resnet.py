"""Laws of the encoder: stochastic depth, and blocks that start as the identity."""

import pytest
import torch
from torch import Tensor, nn

from sadm.networks.resnet import Bottleneck, ResNet


def small(drop_path: float = 0.4) -> ResNet:
    return ResNet((1, 2, 1), 2, 3, drop_path=drop_path)


def test_rates_of_skipped_blocks_rise_linearly_and_keep_the_mean() -> None:
    net, seen = small(0.6).train(), []
    blocks = [module for module in net.modules() if isinstance(module, Bottleneck)]
    for block in blocks:
        block.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[1]))
    net(torch.rand(4000, 1, 8, 8), torch.Generator().manual_seed(1))
    assert seen[0] is None
    for keep, rate in zip(seen[1:], (0.2, 0.4, 0.6), strict=True):
        assert keep.unique().tolist() == pytest.approx([0, 1 / (1 - rate)])
        assert float((keep == 0).float().mean()) == pytest.approx(rate, abs=0.03)
    assert not torch.equal(seen[1] == 0, seen[2] == 0)


def test_skipped_block_is_its_shortcut() -> None:
    block = Bottleneck(8, 2, 1).eval()
    nn.init.constant_(block.bn3.weight, 0.7)
    x = torch.rand(2, 8, 5, 5)
    out = block(x, torch.tensor([0.0, 1.0]))
    assert torch.equal(out[0], x[0])
    assert torch.equal(out[1], block(x)[1])
    assert not torch.allclose(out[1], x[1])


def test_only_the_generator_decides() -> None:
    net, x = small().train(), torch.rand(16, 1, 8, 8)
    for module in net.modules():
        if isinstance(module, Bottleneck):
            nn.init.ones_(module.bn3.weight)
    before = torch.get_rng_state()

    def code(seed: int) -> Tensor:
        return net(x, torch.Generator().manual_seed(seed))

    assert torch.equal(code(1), code(1))
    assert not torch.equal(code(1), code(2))
    assert torch.equal(torch.get_rng_state(), before)
    with pytest.raises(ValueError, match="generator"):
        net(x)


def test_evaluation_needs_no_generator_and_skips_nothing() -> None:
    net, x = small().eval(), torch.rand(3, 1, 16, 16)
    assert torch.equal(net(x), net(x, torch.Generator()))
    assert net(x).shape == (3, 3)


def test_blocks_start_as_the_identity() -> None:
    x = torch.rand(2, 8, 6, 6)
    block = ResNet((2, 1), 2, 3).layer1[1]
    assert torch.equal(block(x), x)
