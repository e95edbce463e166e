"""DRAEM-Net's loss."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from sadm.methods.base import Batch
from sadm.methods.draem_net import Hyper, Method, focal
from sadm.networks.ssim import ssim

COUNT, SHAPE = 400, (8, 8)


def method(anomalous: float = 0.5) -> Method:
    torch.manual_seed(0)
    return Method(Hyper(reconstructive=(4, 8), discriminative=(4, 8), anomalous=anomalous), SHAPE)


def batch(count: int = COUNT, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    original = torch.rand(count, 1, *SHAPE, generator=generator)
    label = (torch.rand(original.shape, generator=generator) < 0.3).float()
    return Batch(original + 0.5 * label, label, original > 0, None, generator, original)


def logits() -> tuple[Tensor, Tensor]:
    values = 4 * torch.randn(2, 2, 5, 6, generator=torch.Generator().manual_seed(1))
    return values, torch.rand(2, 1, 5, 6, generator=torch.Generator().manual_seed(2)).round()


def test_focal_loss_is_that_of_each_pixel_with_both_classes() -> None:
    values, label = logits()
    total = 0.0
    for b, i, j in ((b, i, j) for b in range(2) for i in range(5) for j in range(6)):
        p = torch.softmax(values[b, :, i, j].double(), 0)[int(label[b, 0, i, j])]
        total += float(-((1 - p) ** 2) * p.log()) / 60
    assert focal(values[:, 1:] - values[:, :1], label).item() == pytest.approx(total, rel=1e-5)


def test_background_has_weight_and_the_classes_are_alike() -> None:
    """With alpha = 1 a later kornia gives the background no weight."""
    wrong, nothing = torch.full((1, 1, 2, 2), 3.0), torch.zeros(1, 1, 2, 2)
    assert focal(wrong, nothing) > 1
    assert focal(wrong, nothing) == focal(-wrong, 1 - nothing)
    assert focal(torch.zeros(1, 1, 2, 2), nothing).item() == pytest.approx(0.25 * 0.6931472)


def test_focal_loss_and_gradient_are_finite_far_from_zero() -> None:
    margin = torch.tensor([-1e4, -90.0, 90.0, 1e4], requires_grad=True)
    focal(margin, torch.tensor([1.0, 1.0, 1.0, 1.0])).backward()
    assert margin.grad is not None
    assert margin.grad.isfinite().all()
    assert focal(torch.tensor([-90.0]), torch.ones(1)).item() == pytest.approx(90)


def test_loss_is_the_sum_of_its_parts_on_slices_that_keep_their_anomaly() -> None:
    net, given = method(anomalous=1.0), batch(6)
    made = net.reconstructive(given.image)
    odds = net.discriminative(made, given.image)
    wanted = F.mse_loss(made, given.original) + 1 - ssim(made, given.original, 11, 1.5).mean()
    wanted = wanted + focal(odds[:, 1:] - odds[:, :1], given.label)
    torch.testing.assert_close(net.loss(given), wanted)


def test_the_segmentation_trains_both_networks() -> None:
    net, given = method(), batch(6)
    assert given.label is not None
    focal(net.logit(net.reconstructive(given.image), given.image), given.label).backward()
    assert all(
        p.grad is not None and p.grad.any()
        for p in (net.reconstructive.last.weight, net.discriminative.last.weight)
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_share_of_the_painted_slices_keeps_its_anomaly(share: float) -> None:
    given = batch()
    image, label = method(share).thinned(given)
    kept = (image == given.image).flatten(1).all(1)
    assert kept.float().mean().item() == pytest.approx(share, abs=0.07)
    assert torch.equal(image[~kept], given.original[~kept])
    assert torch.equal(label[kept], given.label[kept])  # type: ignore[index]
    assert not label[~kept].any()


def test_real_lesions_keep_their_label() -> None:
    """Where no anomaly was painted there is no clean slice to go back to."""
    given = batch()
    image, label = method(0.0).thinned(replace(given, original=given.image.clone()))
    assert torch.equal(image, given.image)
    assert torch.equal(label, given.label)
