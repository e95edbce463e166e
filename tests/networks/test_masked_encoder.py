"""Hidden cells do not count at any resolution, and the encoder is the cDDPM's."""

import pytest
import torch
from torch import Tensor, nn

from sadm.networks.masked_encoder import MaskedResNet, SparK, Visible, masked_block, normalise
from sadm.networks.resnet import Bottleneck, ResNet
from sadm.runtime.errors import ConfigError

# Below 4 channels a strided convolution of torch 2.13 corrupts memory in its backward pass on two threads.
LAYERS, WIDTH = (1, 2, 1), 4  # cells of 16 pixels


def shaken(net: nn.Module, seed: int = 0) -> nn.Module:
    """``net`` with random weights: new blocks are the identity."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    return net


@pytest.fixture
def image() -> Tensor:
    return torch.rand(3, 1, 32, 48, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def cells() -> Tensor:
    return torch.tensor([[1, 0, 0, 0, 1, 0], [0, 0, 1, 1, 0, 0], [0, 1, 0, 0, 1, 0]]).bool().view(3, 1, 2, 3)


def test_number_of_parameters_of_every_part() -> None:
    with torch.device("meta"):
        net = SparK()

    def size(*modules: nn.Module) -> int:
        return sum(tensor.numel() for module in modules for tensor in module.parameters())

    assert size(net) == 37_964_305
    assert size(net.encoder) == 23_501_760
    assert size(net.decoder, net.last) == 10_304_913
    projections = [size(level.project) for level in net.levels]  # type: ignore[arg-type]
    assert projections == [1_049_088, 2_359_552, 589_952, 147_520]
    assert net.cell == 32


def test_tensors_have_the_names_and_shapes_of_the_encoder() -> None:
    with torch.device("meta"):
        masked, dense = MaskedResNet((3, 4, 6, 3), 64, 0.05), ResNet()
    wanted = {k: v.shape for k, v in dense.state_dict().items() if not k.startswith("fc.")}
    assert {k: v.shape for k, v in masked.state_dict().items()} == wanted


@pytest.mark.parametrize("training", [True, False])
def test_where_all_is_visible_it_is_the_encoder(image: Tensor, training: bool) -> None:
    masked = shaken(MaskedResNet(LAYERS, WIDTH, 0.4)).train(training)
    dense = ResNet(LAYERS, WIDTH, drop_path=0.4).train(training)
    dense.load_state_dict(masked.state_dict(), strict=False)
    dense.fc = nn.Identity()  # type: ignore[assignment]
    seen = Visible(torch.ones(3, 1, 2, 3, dtype=torch.bool))
    found = masked.features(image, seen, torch.Generator().manual_seed(2))[-1]
    wanted = dense(image, torch.Generator().manual_seed(2))
    torch.testing.assert_close(found.mean((2, 3)), wanted, rtol=1e-4, atol=1e-5)
    for name, value in masked.state_dict().items():
        torch.testing.assert_close(value, dense.state_dict()[name], msg=name)


@pytest.mark.parametrize("training", [True, False])
def test_hidden_pixels_do_not_count(image: Tensor, cells: Tensor, training: bool) -> None:
    net = shaken(SparK(LAYERS, 32, WIDTH, drop_path=0)).train(training)
    hidden = ~Visible(cells).mask(image)
    other = torch.where(hidden, 9 * torch.rand(image.shape), image)
    assert isinstance(net, SparK)
    for one, two in zip(*(net.encoder.features(x, Visible(cells)) for x in (image, other)), strict=True):
        assert torch.equal(one, two)
        assert (one[~Visible(cells).mask(one).expand_as(one)] == 0).all()
        assert one.any()
    assert torch.equal(net(image, cells), net(other, cells))
    changed = net(image + ~hidden * 0.1 * torch.rand(image.shape), cells)
    assert (changed - net(image, cells)).abs().max() > 1e-4


def test_masked_block_is_the_dense_one_times_the_mask(cells: Tensor) -> None:
    """In evaluation a normalisation is affine, so hiding can be written as a product after each layer."""
    net = shaken(MaskedResNet(LAYERS, WIDTH, 0)).eval()
    assert isinstance(net, MaskedResNet)
    block, seen = net.layer2[0], Visible(cells)  # type: ignore[index]
    x = torch.rand(3, 16, 8, 12)
    fine = seen.mask(x)
    x, coarse = x * fine, fine[..., ::2, ::2]
    assert isinstance(block, Bottleneck)
    assert block.downsample is not None
    inner = torch.relu(block.bn1(block.conv1(x))) * fine
    inner = torch.relu(block.bn2(block.conv2(inner))) * coarse
    wanted = torch.relu(block.bn3(block.conv3(inner)) * coarse + block.downsample(x) * coarse)
    found = masked_block(block, x, seen, None)
    torch.testing.assert_close(found, wanted)


def test_statistics_are_those_of_visible_positions(cells: Tensor) -> None:
    norm, flat = nn.BatchNorm2d(4), nn.BatchNorm1d(4)
    x = 3 + 2 * torch.randn(3, 4, 8, 12)
    seen = Visible(cells)
    mask = seen.mask(x)[:, 0]
    out = normalise(norm, x, seen)
    shown = out.permute(0, 2, 3, 1)[mask]
    torch.testing.assert_close(shown, flat(x.permute(0, 2, 3, 1)[mask]))
    torch.testing.assert_close(shown.mean(0), torch.zeros(4), rtol=0, atol=1e-5)
    torch.testing.assert_close(norm.running_mean, flat.running_mean)
    torch.testing.assert_close(norm.running_var, flat.running_var)
    assert not out.permute(0, 2, 3, 1)[~mask].any()


def test_decoder_gets_a_token_where_nothing_was_seen(cells: Tensor) -> None:
    level = SparK(LAYERS, 32, WIDTH).levels[0]
    level.project = nn.Identity()
    x = torch.randn(3, 64, 2, 3)
    out = level(x, Visible(cells)).permute(0, 2, 3, 1)
    hidden = out[~cells[:, 0]]
    assert torch.equal(hidden, level.token.flatten().expand_as(hidden))
    assert 0.01 < level.token.std() < 0.03
    assert not torch.equal(out[cells[:, 0]][0], hidden[0])


def test_slice_is_drawn_whole_and_every_parameter_is_used(image: Tensor, cells: Tensor) -> None:
    net = shaken(SparK(LAYERS, 32, WIDTH))
    drawn = net(image, cells, torch.Generator().manual_seed(0))
    assert drawn.shape == image.shape
    drawn.square().sum().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None] == []


def test_decoder_that_cannot_be_halved() -> None:
    with pytest.raises(ConfigError, match="decoder_width: 24 does not fit"):
        SparK(LAYERS, 24, WIDTH)
