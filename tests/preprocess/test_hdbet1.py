"""HD-BET 1 around its network: the head at 1.5 mm, mirrorings that are undone, the mean, the largest part, the way back."""

import numpy as np
import pytest
import torch

from sadm.preprocess import hdbet1


def ball(shape, centre, radius):
    axes = np.meshgrid(*map(np.arange, shape), indexing="ij")
    return np.sqrt(sum((axis - c) ** 2 for axis, c in zip(axes, centre, strict=True))) < radius


def test_a_head_is_seen_at_one_and_a_half_mm_from_below_with_mean_0_and_deviation_1():
    head = np.zeros((90, 120, 60), dtype=np.float32)
    head[80:, :, :] = 100  # right
    seen = hdbet1.prepared(head, (2, 1, 1.5))
    assert seen.shape == (60, 80, 120)
    assert seen.dtype == np.float32
    assert abs(seen.mean()) < 1e-5
    assert abs(seen.std() - 1) < 1e-5
    assert seen[30, 40, 115] > seen[30, 40, 60]
    assert np.isfinite(hdbet1.prepared(np.full((9, 9, 9), 7.0), (1, 1, 1))).all()


@pytest.mark.parametrize(("shape", "order"), [((17, 9, 30), 3), ((8, 8, 8), 0)])
def test_resizing_is_that_of_the_published_code(shape, order):
    """scikit-image's, which HD-BET calls."""
    from skimage.transform import resize

    values = np.random.default_rng(0).random((12, 10, 20), dtype=np.float32)
    wanted = resize(values, shape, order=order, mode="edge", anti_aliasing=False)
    np.testing.assert_allclose(hdbet1.resized(values, shape, order), wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "wanted"), [((160, 160, 103), (160, 160, 128)), ((129, 20, 144), (144, 128, 144))]
)
def test_zeros_are_put_behind_the_image_until_a_network_takes_it(shape, wanted):
    image = hdbet1.padded(np.ones(shape, dtype=np.float32))
    assert image.shape == (1, 1, *wanted)
    assert image.sum() == np.prod(shape)
    assert image[0, 0, : shape[0], : shape[1], : shape[2]].min() == 1


def test_the_eight_mirrorings_are_undone():
    assert len(set(hdbet1.MIRRORINGS)) == 8
    assert hdbet1.MIRRORINGS[0] == ()
    image = torch.arange(24.0).reshape(1, 1, 2, 3, 4)
    for mirrored in hdbet1.MIRRORINGS:
        seen = []

        def network(x: torch.Tensor, seen: list[torch.Tensor] = seen) -> torch.Tensor:
            seen.append(x)
            return x[:, 0] / 24

        assert torch.equal(hdbet1.probability(network, image, mirrored), image[0, 0] / 24)  # type: ignore[arg-type]
        assert torch.equal(seen[0], image) == (mirrored == ())


def test_the_largest_part_counts_corners_as_joined():
    mask = np.zeros((9, 9, 9), dtype=bool)
    mask[0, 0, 0] = mask[1, 1, 1] = mask[2, 2, 2] = True
    mask[6:8, 6, 6] = True
    assert hdbet1.largest(mask).sum() == 3
    assert not hdbet1.largest(np.zeros((3, 3, 3), dtype=bool)).any()


@pytest.mark.parametrize("shape", [(60, 72, 51), (59, 70, 50)])
def test_the_mask_comes_back_to_the_grid_of_the_head_where_it_was(shape):
    small = tuple(round(edge / 1.5) for edge in shape[::-1])
    mean = np.where(ball(small, (15, 20, 16), 9), 0.9, 0.1) + np.where(ball(small, (30, 40, 35), 2), 0.5, 0)
    found = hdbet1.brain(mean, shape)
    assert found.shape == shape
    assert found.dtype == bool
    scale = np.divide(shape, small[::-1])
    centre = (np.array([16, 20, 15]) + 0.5) * scale - 0.5
    np.testing.assert_allclose(np.argwhere(found).mean(axis=0), centre, atol=0.5)
    assert 0.9 < found.sum() / (4 / 3 * np.pi * 9**3 * np.prod(scale)) < 1.1


def test_a_head_gets_the_mean_over_networks_and_mirrorings(monkeypatch):
    calls = []

    def network(shift: float):  # type: ignore[no-untyped-def]
        def see(image: torch.Tensor) -> torch.Tensor:
            calls.append(shift)
            return torch.sigmoid(4 * image[:, 0] + shift)

        return see

    monkeypatch.setattr(hdbet1, "networks", lambda weights, device: [network(shift) for shift in weights])
    head = 100.0 * ball((60, 60, 60), (30, 28, 33), 20) + 50 * ball((60, 60, 60), (5, 5, 5), 4)
    for tta, count in ((False, 2), (True, 16)):
        calls.clear()
        mask = hdbet1.stripper([-1.0, 1.0], tta, "cpu", 1)(head.astype(np.float32), np.diag([2, 2, 2, 1.0]))  # type: ignore[list-item]
        assert len(calls) == count
        assert mask.shape == head.shape
        assert mask[30, 28, 33]
        assert not mask[5, 5, 5]
        assert 2 * (mask & (head > 75)).sum() / (mask.sum() + (head > 75).sum()) > 0.95
