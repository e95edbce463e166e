"""The augmenters that turn a source image into the texture of a synthetic anomaly (paper, Appendix C).

They are imgaug's, with their ranges, re-implemented as batched tensor operations on 8-bit values. Eight of the ten map
grey value to grey value, so each is a table of 256 entries a sample; two are spatial. The reference works on three equal
channels and reads channel 0; here every augmenter sees a grey image. The difference: where the reference has made the
channels differ (gamma, hue), a following colour-space augmenter (brightness, hue) would mix them.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from sadm.anomalies.perlin import rotate, uniform

LEVELS = 256


def _chance(n: int, probability: float, generator: torch.Generator) -> Tensor:
    return uniform(n, 0, 1, generator)[:, None] < probability


def _values(images: Tensor) -> Tensor:
    """0..255 for each image, float64 [S, 256]: the table that changes nothing."""
    return torch.arange(LEVELS, device=images.device, dtype=torch.float64).expand(len(images), LEVELS)


def histogram(images: Tensor) -> Tensor:
    """Count of each grey value, int64 [S, 256], of images int64 [S, H, W] with values 0..255."""
    flat = images.flatten(1)
    return flat.new_zeros(len(flat), LEVELS).scatter_add_(1, flat, torch.ones_like(flat))


def gamma(images: Tensor, generator: torch.Generator) -> Tensor:
    """v -> 255 (v/255)^g, g in U(.5, 2)."""
    return 255 * (_values(images) / 255) ** uniform(len(images), 0.5, 2, generator)[:, None]


def _lightness(v: Tensor) -> Tensor:
    """CIE L* (scaled to 0..255) of the sRGB grey value v (0..255)."""
    s = v / 255
    linear = torch.where(s > 0.04045, ((s + 0.055) / 1.055) ** 2.4, s / 12.92)
    return 2.55 * torch.where(linear > 216 / 24389, 116 * linear ** (1 / 3) - 16, linear * 24389 / 27)


def _grey(lightness: Tensor) -> Tensor:
    """The sRGB grey value of an L* scaled to 0..255; inverse of `_lightness`."""
    star = lightness / 2.55
    linear = torch.where(star > 8, ((star + 16) / 116) ** 3, star * 27 / 24389)
    return 255 * torch.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)


def brightness(images: Tensor, generator: torch.Generator) -> Tensor:
    """Multiply by U(.8, 1.2) and add U{-30..30} in random order, in the brightness channel of a random colour space.

    Of the six spaces, YCrCb, HSV, HLS and YUV have the grey value itself as brightness, Lab and Luv have L*.
    """
    n = len(images)
    factor = uniform(n, 0.8, 1.2, generator)[:, None]
    shift = uniform(n, -30, 31, generator)[:, None].floor()
    multiply_first, perceptual = _chance(n, 1 / 2, generator), _chance(n, 2 / 6, generator)
    v = torch.where(perceptual, _lightness(_values(images)), _values(images))
    multiplied, added = (v * factor).clamp(0, 255) + shift, (v + shift).clamp(0, 255) * factor
    v = torch.where(multiply_first, multiplied, added).clamp(0, 255)
    return torch.where(perceptual, _grey(v), v).round()


def hue_saturation(images: Tensor, generator: torch.Generator) -> Tensor:
    """Add U{-50..50} to hue and to saturation (255 = full circle, full saturation), and read the red channel.

    A grey value v is (hue 0, saturation 0, value v) in HSV. More saturation makes it a colour of the added hue, whose red
    is v within 60 degrees of hue 0, and v (1 - saturation (|hue|/60 - 1)) up to 120 degrees; less changes nothing.
    """
    hue = uniform(len(images), -50, 51, generator)[:, None].floor().abs() * 360 / 255
    saturation = uniform(len(images), -50, 51, generator)[:, None].floor().clamp(min=0) / 255
    return (_values(images) * (1 - saturation * (hue / 60 - 1).clamp(min=0))).round()


def solarize(images: Tensor, generator: torch.Generator) -> Tensor:
    """With probability .5, invert the values from a threshold U(32, 128) on."""
    v, n = _values(images), len(images)
    threshold = uniform(n, 32, 128, generator)[:, None]
    return torch.where(_chance(n, 0.5, generator) & (v >= threshold), 255 - v, v)


def posterize(images: Tensor, generator: torch.Generator) -> Tensor:
    """Keep U{1..8} bits: v -> the middle of its bin."""
    width = 2.0 ** (8 - uniform(len(images), 1, 9, generator)[:, None].floor())
    return (_values(images) / width).floor() * width + width / 2


def invert(images: Tensor, generator: torch.Generator) -> Tensor:
    """v -> 255 - v."""
    return 255 - _values(images)


def _autocontrast(images: Tensor, percent: Tensor) -> Tensor:
    counts = histogram(images)
    cut = images[0].numel() * percent.long() // 100
    low = (counts.cumsum(1) <= cut).sum(1, keepdim=True)
    high = 255 - (counts.flip(1).cumsum(1) <= cut).sum(1, keepdim=True)
    v = _values(images)
    # PIL divides; 255 / tensor would be 255 times the reciprocal
    scale = v.new_tensor(255) / (high - low).clamp(min=1)
    return torch.where(high > low, v * scale - low * scale, v)


def autocontrast(images: Tensor, generator: torch.Generator) -> Tensor:
    """Drop U{0..20} % of the pixels at each end of the histogram and stretch the rest to 0..255 (as PIL)."""
    return _autocontrast(images, uniform(len(images), 0, 21, generator)[:, None].floor())


def equalize(images: Tensor, generator: torch.Generator) -> Tensor:
    """Make the cumulative histogram a straight line (as PIL)."""
    counts = histogram(images)
    below = counts.cumsum(1) - counts
    last = (counts > 0).long().mul(torch.arange(LEVELS, device=images.device)).argmax(1, keepdim=True)
    step = below.gather(1, last) // 255
    return torch.where(step > 0, ((step // 2 + below) // step.clamp(min=1)).double(), _values(images))


def _sharpen(images: Tensor, factor: Tensor) -> Tensor:
    x = images.float()
    smooth = x.clone()
    total = F.avg_pool2d(x[:, None], 3, stride=1, divisor_override=1)[:, 0]
    smooth[:, 1:-1, 1:-1] = ((total + 4 * x[:, 1:-1, 1:-1]) / 13 + 0.5).floor()
    return smooth + factor[:, None, None] * (x - smooth)


def sharpness(images: Tensor, generator: torch.Generator) -> Tensor:
    """Between smoothed (0), unchanged (1) and over-sharp (2), factor U(0, 2), with PIL's smoothing kernel."""
    return _sharpen(images, uniform(len(images), 0, 2, generator))


def rotation(images: Tensor, generator: torch.Generator) -> Tensor:
    """Rotate by U(-45, 45) degrees about the centre, bilinear, zero outside."""
    return rotate(images.float(), uniform(len(images), -45, 45, generator)).round()


Augmenter = Callable[[Tensor, torch.Generator], Tensor]
TABLES: dict[str, Augmenter] = {
    f.__name__: f
    for f in (brightness, hue_saturation, solarize, posterize, autocontrast, equalize, gamma, invert)
}
SPATIAL: dict[str, Augmenter] = {f.__name__: f for f in (sharpness, rotation)}

PAPER_AUGMENTERS = (
    "brightness",
    "sharpness",
    "hue_saturation",
    "solarize",
    "posterize",
    "autocontrast",
    "equalize",
)
RELEASED_AUGMENTERS = (*PAPER_AUGMENTERS, "gamma", "invert", "rotation")


def augment(images: Tensor, names: Sequence[str], count: int, generator: torch.Generator) -> Tensor:
    """Give each image ``count`` distinct augmenters of ``names``, drawn and ordered at random for each.

    ``images`` int64 [B, H, W] with values 0..255, and so is the result.
    """
    images = images.clone()
    order = torch.rand(len(images), len(names), generator=generator, device=images.device).argsort(1)
    for slot in range(count):
        tables = _values(images).long()
        for k, name in enumerate(names):
            chosen = (order[:, slot] == k).nonzero()[:, 0]
            if not len(chosen):
                continue
            if name in TABLES:
                tables[chosen] = TABLES[name](images[chosen], generator).clamp(0, 255).long()
            else:
                images[chosen] = SPATIAL[name](images[chosen], generator).clamp(0, 255).long()
        images = tables.gather(1, images.flatten(1)).view_as(images)
    return images
