"""Feature extractors: torchvision's names and sizes, frozen, and strict about the weights they take over."""

import pytest
import torch
from torch import Tensor, nn

from sadm.networks.imagenet import MEAN, STD, BasicBlock, adopt, extractor, normalised
from sadm.runtime.errors import ConfigError

NETWORKS = pytest.mark.parametrize("network", ["resnet18", "wide_resnet50_2"])


def full(network: str) -> nn.Module:
    with torch.device("meta"):
        return extractor(network)


def norm(name: str, channels: int) -> dict[str, tuple[int, ...]]:
    """Tensors of a batch normalisation."""
    vectors = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{key}": (channels,) for key in vectors} | {f"{name}.num_batches_tracked": ()}


def conv(name: str, bn: str, outputs: int, inputs: int, kernel: int) -> dict[str, tuple[int, ...]]:
    """Tensors of a convolution and the batch normalisation behind it."""
    return {f"{name}.weight": (outputs, inputs, kernel, kernel)} | norm(bn, outputs)


def torchvisions(network: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes as torchvision's scheme has them, written down anew."""
    found = conv("conv1", "bn1", 64, 3, 7)
    inputs, wide = 64, network != "resnet18"
    for stage, blocks in enumerate((3, 4, 6) if wide else (2, 2)):
        inner, outputs = (128 << stage, 256 << stage) if wide else (64 << stage, 64 << stage)
        for block in range(blocks):
            at = f"layer{stage + 1}.{block}."
            found |= conv(f"{at}conv1", f"{at}bn1", inner, inputs, 1 if wide else 3)
            found |= conv(f"{at}conv2", f"{at}bn2", inner, inner, 3)
            found |= conv(f"{at}conv3", f"{at}bn3", outputs, inner, 1) if wide else {}
            if inputs != outputs:
                found |= conv(f"{at}downsample.0", f"{at}downsample.1", outputs, inputs, 1)
            inputs = outputs
    return found


@NETWORKS
def test_tensors_have_torchvisions_names_shapes_and_order(network: str) -> None:
    found = {name: tuple(tensor.shape) for name, tensor in full(network).state_dict().items()}
    assert list(found.items()) == list(torchvisions(network).items())


@pytest.mark.parametrize(("network", "parameters"), [("resnet18", 683_072), ("wide_resnet50_2", 24_862_528)])
def test_number_of_parameters_and_none_is_trained(network: str, parameters: int) -> None:
    net = full(network)
    assert sum(p.numel() for p in net.parameters()) == parameters
    assert not any(p.requires_grad for p in net.parameters())


@pytest.mark.parametrize("size", [96, 128])
def test_sizes_of_the_features(size: int) -> None:
    x = torch.empty(2, 3, size, size, device="meta")
    quarter, eighth, sixteenth = size // 4, size // 8, size // 16
    assert [tuple(f.shape) for f in full("resnet18")(x)] == [
        (2, 64, quarter, quarter), (2, 64, quarter, quarter), (2, 128, eighth, eighth),
    ]  # fmt: skip
    assert [tuple(f.shape) for f in full("wide_resnet50_2")(x)[1:]] == [
        (2, 256, quarter, quarter), (2, 512, eighth, eighth), (2, 1024, sixteenth, sixteenth),
    ]  # fmt: skip


@NETWORKS
def test_strides_are_on_the_3x3_convolutions(network: str) -> None:
    strided = [name for name, m in full(network).named_modules() if getattr(m, "stride", None) == (2, 2)]
    at = "conv1" if network == "resnet18" else "conv2"
    later = ["layer2"] if network == "resnet18" else ["layer2", "layer3"]
    assert strided == ["conv1", *(f"{s}.0.{c}" for s in later for c in (at, "downsample.0"))]


def test_basic_block_is_a_residual() -> None:
    block, x = BasicBlock(4, 4, 1).eval(), torch.randn(2, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    inner = torch.relu(block.bn1(block.conv1(x)))
    torch.testing.assert_close(block(x), torch.relu(x + block.bn2(block.conv2(inner))))


@NETWORKS
def test_random_weights_are_drawn_by_fan_out(network: str) -> None:
    torch.manual_seed(0)
    net = extractor(network, 32)
    for name, m in net.named_modules():
        if isinstance(m, nn.Conv2d):
            wanted = (2 / (m.out_channels * m.kernel_size[0] ** 2)) ** 0.5
            assert float(m.weight.std()) == pytest.approx(wanted, rel=0.1), name
        if isinstance(m, nn.BatchNorm2d):
            assert (m.weight == 1).all()
            assert (m.bias == 0).all()


def test_grey_is_normalised_for_each_channel() -> None:
    image = torch.rand(2, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    found = normalised(image)
    for channel, (mean, std) in enumerate(zip(MEAN, STD)):
        torch.testing.assert_close(found[:, channel], (image[:, 0] - mean) / std)


def weights(network: str, width: int = 8) -> dict[str, Tensor]:
    torch.manual_seed(7)
    return extractor(network, width, (1, 1)).state_dict()


@NETWORKS
def test_adopted_weights_are_those_given(network: str) -> None:
    torch.manual_seed(0)
    net, given = extractor(network, 8, (1, 1)), weights(network)
    adopt(net, given, "width")
    assert all(torch.equal(tensor, given[name]) for name, tensor in net.state_dict().items())
    assert not any(p.requires_grad for p in net.parameters())


def test_weights_without_the_count_of_batches_are_taken() -> None:
    given = {name: t for name, t in weights("resnet18").items() if not name.endswith("num_batches_tracked")}
    net = extractor("resnet18", 8, (1, 1))
    adopt(net, given, "width")
    assert all(torch.equal(net.state_dict()[name], tensor) for name, tensor in given.items())


@pytest.mark.parametrize("change", ["width", "absent", "more", "blocks"])
def test_other_weights_are_refused(change: str) -> None:
    given = weights("resnet18", 16 if change == "width" else 8)
    if change == "absent":
        del given["layer2.0.conv2.weight"]
    if change == "more":
        given["fc.weight"] = torch.zeros(2, 2)
    net = extractor("resnet18", 8, (1, 2) if change == "blocks" else (1, 1))
    with pytest.raises(ConfigError, match=r"leave hyper\.x\.width at the default"):
        adopt(net, given, "hyper.x.width")
