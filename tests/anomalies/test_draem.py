"""Synthetic anomalies: noise against the formula, augmenters against PIL, the law of the blend, the recipe's statistics."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from sadm.anomalies import textures
from sadm.anomalies.draem import Draem
from sadm.anomalies.perlin import Perlin, rotate
from sadm.anomalies.textures import PAPER_AUGMENTERS, RELEASED_AUGMENTERS, augment
from sadm.runtime.errors import ConfigError

RELEASED = {"threshold": (0.5, 0.5), "augmenters": RELEASED_AUGMENTERS}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def naive_perlin(y: float, x: float, angle: np.ndarray) -> float:
    """Perlin noise at (y, x) in cells, the textbook way: four corners, one after the other."""

    def fade(t: float) -> float:
        return ((6 * t - 15) * t + 10) * t**3

    row, column = math.floor(y), math.floor(x)
    value = 0.0
    for i in (row, row + 1):
        for j in (column, column + 1):
            dot = math.cos(angle[i, j]) * (y - i) + math.sin(angle[i, j]) * (x - j)
            value += (1 - fade(abs(y - i))) * (1 - fade(abs(x - j))) * dot
    return math.sqrt(2) * value


def test_perlin_is_the_textbook_formula_on_every_scale() -> None:
    """A 24 x 40 slice is the corner of a 32 x 64 canvas."""
    perlin = Perlin((24, 40), max_scale=5)
    scale = torch.cartesian_prod(torch.arange(6), torch.arange(6))
    angle = 2 * torch.pi * torch.rand(36, perlin.y.shape[-1], perlin.x.shape[-1], generator=seeded(0))
    fields = perlin.field(scale[:, 0], scale[:, 1], angle)
    for k, (a, b) in enumerate(scale.tolist()):
        for i, j in ((0, 0), (23, 39), (7, 20), (16, 33)):
            expected = naive_perlin(i * 2**a / 32, j * 2**b / 64, angle[k].numpy())
            assert fields[k, i, j].item() == pytest.approx(expected, abs=2e-6)


def test_perlin_draws_every_scale_equally_often() -> None:
    """Noise is exactly 0 on lattice points and nowhere else: their number in the first column, a lattice line, is 2^a."""
    fields = Perlin((32, 32), max_scale=3)(2000, seeded(1))
    zero = fields[:, :, 0].eq(0).sum(1)
    counts = torch.bincount(zero, minlength=9)[[1, 2, 4, 8]].float() / 2000
    torch.testing.assert_close(counts, torch.full((4,), 0.25), atol=0.04, rtol=0)


def test_rotation_moves_each_image_by_its_angle() -> None:
    images = torch.rand(3, 20, 20, generator=seeded(2))
    turned = rotate(images, torch.tensor([0.0, 90.0, -90.0]))
    torch.testing.assert_close(turned[0], images[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(turned[1], torch.rot90(images[1], -1), atol=1e-4, rtol=0)
    torch.testing.assert_close(turned[2], torch.rot90(images[2], 1), atol=1e-4, rtol=0)


def test_rotation_of_a_rectangle_keeps_shapes_and_fills_zeros() -> None:
    """A disc about the centre of a 30 x 50 image stays a disc; a full image loses its corners."""
    y, x = torch.meshgrid(torch.arange(30) - 14.5, torch.arange(50) - 24.5, indexing="ij")
    disc = (-((y**2 + x**2) / 60)).exp()
    torch.testing.assert_close(rotate(disc[None], torch.tensor([37.0]))[0], disc, atol=0.02, rtol=0)
    assert rotate(torch.ones(1, 30, 50), torch.tensor([45.0]))[0, 0, 0] == 0


@pytest.fixture(scope="module")
def photos() -> torch.Tensor:
    """8-bit images: uneven, constant, of two values, and the released source (noise that wraps around)."""
    noise = (255 * Perlin((32, 32), 4)(3, seeded(3))).long() & 255
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


def slices(n: int, size: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    brain = torch.zeros(n, 1, size, size, dtype=torch.bool)
    brain[:, :, size // 4 : -size // 4, size // 5 : -size // 5] = True
    return torch.rand(n, 1, size, size, generator=seeded(7)) * brain, brain


@pytest.mark.parametrize("source", ["noise", "mask"])
def test_the_image_changes_on_the_label_alone_and_stays_in_range(source: str) -> None:
    images, brain = slices(40)
    out, label = Draem((32, 32), max_scale=4, source=source)(images, brain, seeded(8))
    assert out.shape == label.shape == images.shape
    assert set(label.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(out[label == 0], images[label == 0])
    assert (out != images)[label == 1].float().mean() > 0.9
    assert out.min() >= 0
    assert out.max() <= 1


def test_the_blend_is_linear_in_the_image_with_a_weight_of_its_range() -> None:
    """out = b p + (1 - b) x on the label: x of 0 and of 1 differ by 1 - b there."""
    draem = Draem((32, 32), max_scale=4, blend=(0.3, 0.6))
    zero, one = torch.zeros(200, 1, 32, 32), torch.ones(200, 1, 32, 32)
    black, label = draem(zero, one.bool(), seeded(9))
    white, same = draem(one, one.bool(), seeded(9))
    assert torch.equal(label, same)
    weight = 1 - (white - black)
    assert (weight[label == 0] == 0).all()
    painted = label.sum((1, 2, 3)) > 0
    mean = weight.sum((1, 2, 3), keepdim=True) / label.sum((1, 2, 3), keepdim=True)
    assert (weight - mean)[label == 1].abs().max() < 1e-5
    mean = mean[painted]
    assert mean.min() >= 0.3 - 1e-5
    assert mean.max() <= 0.6 + 1e-5
    assert mean.std().item() == pytest.approx(0.3 / 12**0.5, abs=0.015)


def test_within_brain_and_probability() -> None:
    images, brain = slices(600)
    _, label = Draem((32, 32), max_scale=4, within_brain=True)(images, brain, seeded(10))
    assert not label[~brain].any()
    _, everywhere = Draem((32, 32), max_scale=4)(images, brain, seeded(10))
    assert torch.equal(label, everywhere * brain)
    _, rare = Draem((32, 32), max_scale=4, probability=0.25)(images, brain, seeded(10))
    painted = everywhere.sum((1, 2, 3)) > 0
    kept = rare.sum((1, 2, 3)) > 0
    assert kept.sum() / painted.sum() == pytest.approx(0.25, abs=0.06)
    assert torch.equal(rare[kept], everywhere[kept])


def test_a_higher_threshold_paints_a_part_of_what_a_lower_one_paints() -> None:
    images, brain = slices(50)
    areas = [Draem((32, 32), max_scale=4, threshold=(t, t))(images, brain, seeded(11))[1] for t in (0.3, 0.5)]
    assert (areas[1] <= areas[0]).all()
    between = Draem((32, 32), max_scale=4, threshold=(0.3, 0.5))(images, brain, seeded(11))[1]
    assert (areas[1] <= between).all()
    assert (between <= areas[0]).all()
    assert areas[1].sum() < between.sum() < areas[0].sum()


def test_the_released_recipe_has_the_released_statistics() -> None:
    """sadm.md section 5 and baselines.md section 10, 600 draws of the reference at 96 x 96.

    Measured on 12,000 draws of ours: area 4.2 %, median 3.6 %, 95th percentile 9.3 %, 5.9 % empty, perturbation .52 +- .22;
    600 draws scatter by .12 %, .08 %, .5 %, .9 % and .011.
    """
    nothing = torch.zeros(1200, 1, 96, 96)
    out, label = Draem((96, 96), blend=(1, 1), **RELEASED)(nothing, nothing.bool(), seeded(12))
    area, values = label.mean((1, 2, 3)), out[label == 1]
    assert area.mean().item() == pytest.approx(0.0425, abs=0.004)
    assert area.median().item() == pytest.approx(0.0365, abs=0.003)
    assert area.quantile(0.9).item() == pytest.approx(0.069, abs=0.008)
    assert area.quantile(0.95).item() == pytest.approx(0.098, abs=0.015)
    assert (area == 0).float().mean().item() == pytest.approx(0.0535, abs=0.02)
    assert values.mean().item() == pytest.approx(0.49, abs=0.05)
    assert values.std().item() == pytest.approx(0.22, abs=0.02)


def test_recipes_differ_by_parameters_alone() -> None:
    assert len(PAPER_AUGMENTERS) == 7
    assert set(RELEASED_AUGMENTERS) - set(PAPER_AUGMENTERS) == {"gamma", "invert", "rotation"}
    assert set(RELEASED_AUGMENTERS) == {*textures.TABLES, *textures.SPATIAL}
    images, brain = slices(20)
    for recipe in ({}, RELEASED):
        draem = Draem((32, 32), max_scale=4, **recipe)
        first, again, other = (draem(images, brain, seeded(seed))[0] for seed in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"max_scale": 7}, "max_scale"),
        ({"augmenters": ("blur", "gamma", "invert")}, "unknown blur"),
        ({"augmenters": ("gamma", "invert")}, "too few"),
        ({"augmenters": ("gamma", "gamma", "invert")}, "twice"),
        ({"source": "dtd"}, "source"),
    ],
)
def test_impossible_parameters_are_named(wrong: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Draem((32, 32), **({"max_scale": 4} | wrong))
