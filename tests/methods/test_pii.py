"""PII's loss."""

import torch
from torch.nn import functional as F

from sadm.methods.base import Batch
from sadm.methods.pii import Hyper, Method


def batch(seed: int) -> Batch:
    image, partner = torch.rand(2, 6, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    return Batch(image, None, image >= 0, None, torch.Generator().manual_seed(seed), image, partner)


def test_loss_is_the_cross_entropy_with_the_soft_label_of_the_blended_slice() -> None:
    torch.manual_seed(0)
    net, given = Method(Hyper(channels=(8, 8, 8), prior_logit=-0.5), (16, 16)).eval(), batch(1)
    image, label = net.blend(given.image, given.partner, given.brain, torch.Generator().manual_seed(1))  # type: ignore[arg-type]
    assert 0 < label.max() < 1
    p = torch.sigmoid(net.net(image).double() - 0.5)
    torch.testing.assert_close(net.loss(given), F.binary_cross_entropy(p, label.double()).float())
    assert net.loss(batch(2)) != net.loss(batch(1))
