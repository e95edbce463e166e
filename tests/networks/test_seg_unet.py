"""Laws of the segmentation U-Net."""

import pytest
import torch

from sadm.networks.seg_unet import ConvBlock, SegUNet, StandardisedConv, middle_divisor
from sadm.runtime.errors import ConfigError


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(3, 1, 12, 20, generator=generator), torch.randn(3, 1, 12, 20, generator=generator)


def test_middle_divisor() -> None:
    assert [middle_divisor(n) for n in (1, 8, 16, 64, 128, 256, 512)] == [1, 4, 4, 8, 16, 16, 32]


def test_filters_are_standardised() -> None:
    conv, x = StandardisedConv(3, 4, 3).double(), torch.randn(2, 3, 7, 8, dtype=torch.float64)
    wanted = conv(x)
    with torch.no_grad():
        conv.weight.mul_(5).add_(2)
    torch.testing.assert_close(conv(x), wanted, rtol=1e-3, atol=1e-3)
    weight = torch.randn(4, 3, 3, 3, dtype=torch.float64)
    conv.weight.data = weight
    rows = [(filter_ - filter_.mean()) / (filter_.std() + 1e-5) for filter_ in weight]
    torch.testing.assert_close(conv(x), torch.conv2d(x, torch.stack(rows), conv.bias))


def test_padding_reflects() -> None:
    block, x = ConvBlock(1, 4), torch.rand(1, 1, 6, 6)
    mirrored = torch.cat([x.flip(3)[..., :-1], x, x.flip(3)[..., 1:]], 3)
    conv = block.block[1]
    torch.testing.assert_close(conv(block.block[0](x)), conv(block.block[0](mirrored))[..., 5:11])


def test_siamese_encoder_sees_residual_and_image_alike(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    image, residual = pair
    net = SegUNet((4, 8, 16), siamese=True)
    skips = [torch.cat(level, 1) for level in zip(net.encode(residual), net.encode(image), strict=True)]
    x = skips.pop()
    for up in net.up_path:
        x = up(x, skips.pop())
    torch.testing.assert_close(net(image, residual), net.last(x), rtol=1e-4, atol=1e-5)
    assert (net(image, residual) - net(residual, image)).abs().max() > 1e-3


@pytest.mark.parametrize("siamese", [False, True])
def test_samples_are_independent_and_all_parameters_are_used(
    pair: tuple[torch.Tensor, torch.Tensor], siamese: bool
) -> None:
    inputs = pair if siamese else pair[:1]
    net = SegUNet((4, 8, 16), siamese)
    logits = net(*inputs)
    assert logits.shape == (3, 1, 12, 20)
    torch.testing.assert_close(logits[:1], net(*(part[:1] for part in inputs)), rtol=1e-4, atol=1e-5)
    logits.square().sum().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_memory_format_and_precision(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    net = SegUNet((4, 8, 16), siamese=True)
    wanted = net(*pair)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = net(*pair)
    torch.testing.assert_close(net.to(memory_format=torch.channels_last)(*pair), wanted, rtol=1e-4, atol=1e-4)
    assert (rounded.float() - wanted).square().mean().sqrt() < 0.03 * wanted.std()


def test_slice_that_does_not_fit() -> None:
    with pytest.raises(ConfigError, match="12x22 pixels do not fit a U-Net of 3 levels"):
        SegUNet((4, 8, 16))(torch.zeros(1, 1, 12, 22))
