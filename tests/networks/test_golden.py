"""Covers sadm.networks.adm_unet, .diffusion, .resnet, .seg_unet: the networks at their released sizes give the numbers, and have the tensors, of the released code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from golden_networks import NUMBERS, assert_golden, filled, noise, slices
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from sadm.networks.adm_unet import ADMUNet
from sadm.networks.diffusion import Diffusion
from sadm.networks.resnet import ResNet
from sadm.networks.seg_unet import SegUNet

CODE = torch.sin(torch.arange(256.0)).view(2, 128)


@pytest.fixture(scope="module", autouse=True)
def _no_gradients() -> Any:
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def unet32() -> nn.Module:
    return filled(ADMUNet((32, 64, 64), condition=128))


def test_encoder_and_released_unet() -> None:
    code = filled(ResNet())(slices())
    assert_golden(code, "encoder_eval(X)")
    unet = filled(ADMUNet((128, 256, 256), condition=512))
    predicted = unet(2 * slices() - 1, torch.tensor([249, 749]), code)
    assert_golden(predicted, "unet128(2X-1,t=[249,749],cond=encoder_eval(X))")


def test_small_unet(unet32: nn.Module) -> None:
    predicted = unet32(2 * slices() - 1, torch.tensor([249, 749]), CODE)
    assert_golden(predicted, "unet32(2X-1,t=[249,749],cond=sin(arange).reshape(2,128))")


def test_diffusion(unet32: nn.Module) -> None:
    t = torch.full((2,), 499)
    reconstruction, loss = Diffusion().reconstruct(unet32, slices(), t, noise(), CODE)
    assert float(loss) == pytest.approx(NUMBERS["diffusion32 t=499 loss"], abs=1e-4)
    assert_golden(reconstruction, "diffusion32 t=499 reco")


def test_segmentation() -> None:
    net = filled(SegUNet((64, 128, 256, 512), siamese=True))
    image = slices()
    logits = net(image, image - (0.9 * image + 0.05 * noise()))
    assert_golden(logits.sigmoid(), "segunet sigmoid(reco=0.9X+0.05noise,input=X)")
    loss = binary_cross_entropy_with_logits(logits, (image > 0.7).float())
    assert float(loss) == pytest.approx(NUMBERS["segunet BCE target X>0.7"], abs=1e-4)


@pytest.mark.parametrize(
    ("section", "prefix", "make"),
    [
        ("encoder", "encoder.", ResNet),
        ("U-Net", "", lambda: ADMUNet((128, 256, 256), condition=512)),
        ("diffusion buffers", "", Diffusion),
        ("SegUnet", "", lambda: SegUNet((64, 128, 256, 512), siamese=True)),
    ],
)
def test_tensors_have_released_names_shapes_and_order(
    section: str, prefix: str, make: Callable[[], nn.Module], golden: Path
) -> None:
    text = (golden / "state_dict_keys.txt").read_text()
    (listed,) = [part for part in text.split("# ") if part.startswith(f"{section} (")]
    wanted = [line.split(" ", 1)[1] for line in listed.splitlines()[1:]]
    module = make() if make is Diffusion else on_meta(make)
    found = [f"{prefix}{name} {list(tensor.shape)}" for name, tensor in module.state_dict().items()]
    assert found == wanted


def on_meta(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.device("meta"):
        return make()


@pytest.mark.parametrize(
    ("make", "parameters"),
    [
        (lambda: ResNet(), 24_550_848),
        (lambda: ADMUNet((128, 256, 256), condition=512), 44_068_481),
        (lambda: ADMUNet((128, 256, 256), condition=None), 37_513_857),
        (lambda: ADMUNet(), 31_573_121),
        (lambda: SegUNet((64, 128, 256, 512), siamese=True), 16_736_705),
        (lambda: SegUNet((64, 128, 256, 512)), 7_701_825),
        (lambda: SegUNet(), 1_864_257),
        (lambda: SegUNet(siamese=True), 4_016_065),
    ],
)
def test_number_of_parameters(make: Callable[[], nn.Module], parameters: int) -> None:
    assert sum(tensor.numel() for tensor in on_meta(make).parameters()) == parameters
