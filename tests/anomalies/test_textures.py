"""Augmenters against PIL and against their laws."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from sadm.anomalies import textures
from sadm.anomalies.perlin import Perlin
from sadm.anomalies.textures import augment


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def photos() -> torch.Tensor:
    """8-bit images: uneven, constant, of two values, and the released source (noise that wraps around)."""
    noise = (255 * Perlin((32, 32), 8.0, 4)(3, seeded(3))).long() & 255
    two = torch.where(torch.rand(32, 32, generator=seeded(4)) < 0.1, 200, 17)
    ramp = (torch.arange(1024).view(32, 32) ** 2 // 9000).clamp(max=255)
    return torch.stack([*noise, two, ramp, torch.full((32, 32), 77)])


def to_pil(image: torch.Tensor) -> Image.Image:
    return Image.fromarray(image.numpy().astype(np.uint8))


def apply_table(images: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    return table.clamp(0, 255).long().gather(1, images.flatten(1)).view_as(images)


def test_equalize_is_pils(photos: torch.Tensor) -> None:
    ours = apply_table(photos, textures.equalize(photos, seeded(0)))
    for image, expected in zip(ours, map(to_pil, photos), strict=True):
        np.testing.assert_array_equal(image.numpy(), np.asarray(ImageOps.equalize(expected)))


@pytest.mark.parametrize("percent", [0, 7, 20])
def test_autocontrast_is_pils(photos: torch.Tensor, percent: int) -> None:
    ours = apply_table(photos, textures._autocontrast(photos, torch.full((len(photos), 1), percent)))
    for image, expected in zip(ours, map(to_pil, photos), strict=True):
        np.testing.assert_array_equal(image.numpy(), np.asarray(ImageOps.autocontrast(expected, percent)))


@pytest.mark.parametrize("factor", [0.0, 0.37, 1.0, 1.9])
def test_sharpness_is_pils(photos: torch.Tensor, factor: float) -> None:
    ours = textures._sharpen(photos, torch.full((len(photos),), factor)).clamp(0, 255).long()
    for image, expected in zip(ours, map(to_pil, photos), strict=True):
        theirs = ImageEnhance.Sharpness(expected).enhance(factor)
        np.testing.assert_array_equal(image.numpy(), np.asarray(theirs))


def tables(augmenter: Callable, n: int = 400) -> torch.Tensor:
    """``n`` drawn tables of a point-wise augmenter, as 8-bit values [n, 256]."""
    return augmenter(torch.zeros(n, 4, 4, dtype=torch.long), seeded(5)).clamp(0, 255).long()


V = torch.arange(256)


def test_solarize_inverts_half_of_the_images_from_their_threshold_on() -> None:
    drawn = tables(textures.solarize)
    changed = drawn != V
    assert changed.any(1).float().mean().item() == pytest.approx(0.5, abs=0.08)
    assert ((drawn == V) | (drawn == 255 - V)).all()
    thresholds = changed[changed.any(1)].int().argmax(1)
    assert thresholds.min() >= 32
    assert thresholds.max() <= 128
    assert (changed[changed.any(1)].sum(1) == 256 - thresholds).all()


def test_posterize_keeps_one_to_eight_bits() -> None:
    drawn = tables(textures.posterize)
    levels = torch.tensor([len(table.unique()) for table in drawn])
    assert set(levels.tolist()) == {2**bits for bits in range(1, 9)}
    assert torch.equal(drawn[levels == 2][0].unique(), torch.tensor([64, 192]))
    assert torch.equal(drawn[levels == 256][0], V)


def test_gamma_and_invert_keep_or_swap_black_and_white() -> None:
    gamma = tables(textures.gamma)
    assert (gamma[:, 0] == 0).all()
    assert (gamma[:, 255] == 255).all()
    assert gamma[:, 64].min() == 16  # 255 (64/255)^2
    assert gamma[:, 64].max() == 127  # 255 (64/255)^.5
    assert torch.equal(tables(textures.invert, 1)[0], 255 - V)


def test_lightness_has_its_known_values_and_inverse() -> None:
    """L* of sRGB grey 0, 119 (the 50 % grey) and 255 is 0, 50.03 and 100."""
    star = textures._lightness(torch.tensor([0.0, 119.0, 255.0])) / 2.55
    torch.testing.assert_close(star, torch.tensor([0.0, 50.03, 100.0]), atol=0.01, rtol=0)
    torch.testing.assert_close(textures._grey(textures._lightness(V.double())), V.double(), atol=1e-3, rtol=0)


def test_brightness_is_linear_in_four_of_six_colour_spaces_and_within_its_range() -> None:
    """Extremes at 100: .8 * 100 - 30 and 1.2 (100 + 30) where the brightness is the grey value itself."""
    drawn = tables(textures.brightness, 4000)
    middle = drawn[:, 60:130].double()
    bend = (middle[:, 0] - 2 * middle[:, 35] + middle[:, 69]).abs()
    assert (bend <= 2).double().mean() > 4 / 6 - 0.03
    linear = drawn[bend <= 2][:, 100]
    assert linear.min() >= 50
    assert linear.max() <= 156
    assert linear.double().mean().item() == pytest.approx(100, abs=2)


def test_hue_and_saturation_hardly_change_the_red_of_grey() -> None:
    """Only a hue beyond 60 degrees, with more saturation, lowers red: by 50/255 * (70.6/60 - 1) at most."""
    drawn = tables(textures.hue_saturation, 4000)
    assert (drawn <= V).all()
    assert drawn[:, 255].min() == round(255 * (1 - 50 / 255 * (50 * 360 / 255 / 60 - 1)))
    assert (drawn != V).any(1).double().mean().item() == pytest.approx(0.5 * 14 / 101, abs=0.02)


def test_each_image_gets_distinct_augmenters_in_its_own_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of four affine maps of the grey value: the result tells which ones, in which order."""

    def affine(scale: int, shift: int) -> Callable:
        def table(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
            return (torch.arange(256) * scale + shift).expand(len(images), 256).double() % 256

        return table

    maps = {"p": affine(7, 72), "q": affine(25, 229), "r": affine(3, 41), "s": affine(11, 250)}
    monkeypatch.setattr(textures, "TABLES", maps)
    result = augment(torch.full((3000, 1, 1), 9), list(maps), 3, seeded(6)).flatten()
    expected = {}
    for names in [(a, b, c) for a in maps for b in maps for c in maps if len({a, b, c}) == 3]:
        value = torch.tensor(9)
        for name in names:
            value = maps[name](torch.zeros(1), seeded(0))[0, value].long()
        expected[names] = value.item()
    assert len(set(expected.values())) == 24
    shares = torch.bincount(result, minlength=256)[list(expected.values())] / 3000
    assert shares.sum() == 1
    torch.testing.assert_close(shares, torch.full((24,), 1 / 24), atol=0.02, rtol=0)
