"""Slices augmented alone equal torchio's deterministic transforms of the whole volume."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torchio

from sadm.training.augment import Augment, Drawn, blur_matrix, ghosting_matrix

SHAPE = (14, 24, 17)  # D, X, Y: even and odd sizes, all different
SPACING = 2.0


@pytest.fixture(scope="module")
def volumes() -> torch.Tensor:
    """Three volumes with zeros, as brains have, and a few negative voxels, as splines make."""
    generator = torch.Generator().manual_seed(0)
    volumes = torch.rand(3, *SHAPE, generator=generator)
    return torch.where(volumes < 0.3, 0.0, volumes - 0.32).half()


@pytest.fixture(scope="module")
def everything() -> Augment:
    """All transforms act on every slice."""
    return Augment(SHAPE, SPACING, 1, 1, 1, 1)


def whole_volume(volume: torch.Tensor, drawn: Drawn, i: int) -> torch.Tensor:
    """torchio's transforms of one volume [D, X, Y] with the parameters of sample ``i``."""
    affine = np.diag([SPACING] * 3 + [1])
    image = torchio.ScalarImage(tensor=volume.float().permute(1, 2, 0)[None], affine=affine)
    ghosts, axis, intensity = int(drawn.ghosts[i]), int(drawn.axis[i]), float(drawn.intensity[i])
    steps = [
        torchio.Gamma(float(drawn.gamma[i])),
        torchio.BiasField(drawn.bias[i].tolist(), 3),
        torchio.Blur(tuple(drawn.std[i].tolist())),
        torchio.Ghosting(ghosts, axis, intensity, restore=None),
    ]
    return torchio.Compose(steps)(image).data[0].permute(2, 0, 1)


def compare(augment: Augment, drawn: Drawn, volumes: torch.Tensor) -> None:
    n = len(drawn.gamma)
    scan, depth = torch.arange(n) % len(volumes), torch.arange(n) * 5 % SHAPE[0]
    ours = augment.apply(drawn, volumes, scan, depth)
    for i in range(n):
        theirs = whole_volume(volumes[scan[i]], drawn, i)[depth[i]]
        torch.testing.assert_close(ours[i, 0], theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_all_transforms_together_equal_torchio(everything: Augment, volumes: torch.Tensor, axis: int) -> None:
    """Along each ghosting axis; the first slice and the last among them, where blur is reflected."""
    drawn = everything.draw(15, torch.Generator().manual_seed(axis))
    compare(everything, replace(drawn, axis=torch.full((15,), axis)), volumes)


@pytest.mark.parametrize("only", ["gamma", "bias_field", "blur", "ghosting"])
def test_each_transform_alone_equals_torchio(volumes: torch.Tensor, only: str) -> None:
    off = {"gamma": 0.0, "bias_field": 0.0, "blur": 0.0, "ghosting": 0.0}
    augment = Augment(SHAPE, SPACING, **(off | {only: 0.7}))
    compare(augment, augment.draw(14, torch.Generator().manual_seed(1)), volumes)


def test_zero_probability_is_the_slice_itself(volumes: torch.Tensor) -> None:
    augment = Augment(SHAPE, SPACING, 0, 0, 0, 0)
    scan, depth = torch.tensor([2, 0]), torch.tensor([13, 4])
    slices = augment(volumes, scan, depth, torch.Generator().manual_seed(0))
    assert torch.equal(slices[:, 0], volumes[scan, depth].float())


def test_a_slice_reads_only_the_slices_that_reach_it(everything: Augment, volumes: torch.Tensor) -> None:
    """Blur of at most 1 voxel reaches 4 slices; beyond them a volume of NaN changes nothing."""
    drawn = everything.draw(6, torch.Generator().manual_seed(3))
    drawn = replace(drawn, axis=torch.zeros(6, dtype=torch.long))
    spoilt = volumes.clone()
    spoilt[:, 9:] = torch.nan
    scan, depth = torch.zeros(6, dtype=torch.long), torch.full((6,), 4)
    assert torch.equal(
        everything.apply(drawn, spoilt, scan, depth), everything.apply(drawn, volumes, scan, depth)
    )


def test_draws_have_their_laws_and_leave_the_global_generators_alone() -> None:
    augment = Augment(SHAPE)
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    drawn = augment.draw(4000, torch.Generator().manual_seed(7))
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002
    acts = [drawn.gamma != 1, (drawn.bias != 0).any(1), (drawn.std > 0).any(1), drawn.intensity > 0]
    for on, probability in zip(acts, (0.5, 0.25, 0.25, 0.5), strict=True):
        assert on.float().mean().item() == pytest.approx(probability, abs=0.03)
    assert drawn.gamma.log().abs().max() <= 0.3001
    assert drawn.bias.abs().max() <= 0.5
    assert drawn.std.max() <= 2
    ghosted = acts[3]
    assert set(drawn.ghosts[ghosted].tolist()) == set(range(4, 11))
    assert set(drawn.axis[ghosted].tolist()) == {0, 1, 2}
    assert drawn.intensity[ghosted].min() >= 0.5


def test_same_seed_same_slices(volumes: torch.Tensor) -> None:
    augment = Augment(SHAPE, SPACING)
    scan, depth = torch.arange(12) % 3, torch.arange(12)
    first, again, other = (
        augment(volumes, scan, depth, torch.Generator().manual_seed(seed)) for seed in (5, 5, 6)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_wide_blur_of_a_thin_axis_is_reflected_more_than_once() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    matrix = blur_matrix(torch.tensor([0.0, 0.6, 3.0]), 5)
    for std, each in zip((0.0, 0.6, 3.0), matrix, strict=True):
        expected = ndimage.gaussian_filter(np.eye(5), (std, 0))
        np.testing.assert_allclose(each.numpy(), expected, atol=1e-6)


def test_ghosting_keeps_the_mean() -> None:
    """The centre of k-space is restored."""
    matrix = ghosting_matrix(torch.tensor([4, 7]), torch.tensor([1.0, 0.6]), 18)
    torch.testing.assert_close(matrix.sum(2), torch.ones(2, 18))


def test_volumes_of_another_shape_are_refused(everything: Augment) -> None:
    index = torch.zeros(1, dtype=torch.long)
    with pytest.raises(ValueError, match="as announced"):
        everything(torch.zeros(1, 24, 17, 14), index, index, torch.Generator())
