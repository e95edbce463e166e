"""DRAEM's synthetic anomalies on slices (Zavrtanik et al. 2021), as SADM uses them (paper, Appendix C)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sadm.anomalies.perlin import Perlin, rotate, uniform
from sadm.anomalies.textures import PAPER_AUGMENTERS, augment
from sadm.runtime.errors import ConfigError
from sadm.study import fits

SOURCES = ("noise", "mask")
VIEW = 192.0  # mm: edge of the paper's slices; a square at least as large as the slice turns without losing an end of it


def released_spacing(shape: Sequence[int]) -> float:
    """Spacing in mm at which the next power of two of ``shape`` is 256 mm, as the released 128 of 96 pixels of 2 mm are."""
    return fits.CANVAS / (1 << (max(shape) - 1).bit_length())


class Draem:
    """Paints one anomaly on each slice of a batch.

        n   = the middle of Perlin noise on a square of 192 mm, rotated by U(-90, 90) degrees
        M   = n > threshold
        p   = three augmenters of a source image, in [0, 1]
        out = x (1 - M) + b p M + (1 - b) x M,     b ~ U(blend)

    ``threshold`` is drawn from U(low, high) for each slice; ``spacing`` of the pixels in mm (None:
    `released_spacing`); ``max_scale`` is the finest lattice, 2^max_scale cells on 256 mm (None: with cells of 4 mm, or of two
    pixels where these are larger); ``augmenters`` the names that ``per_image`` distinct ones are drawn from;
    ``probability`` the share of slices that get an anomaly; ``within_brain`` cuts M to the brain. ``source`` is what is augmented: "noise" (255 n as 8-bit
    integers, negative ones wrap around: what the released code does) or "mask" (255 M: what the paper's text says).

    The defaults are the recipe under which the paper's Table 1 is possible: the threshold fixed at .5, as released, with
    the paper's three of seven augmenters. Its text says "uniformly sampled threshold": ``threshold=(.25, .75),
    source="mask"`` is a literal reading, whose anomalies cover more of the brain than Table 1 admits (docs/protocol.md).
    M may be empty, as in the reference. The released recipe is ``augmenters=RELEASED_AUGMENTERS``, anomalies outside the
    brain included.
    """

    def __init__(
        self,
        shape: Sequence[int],
        *,
        spacing: float | None = None,
        threshold: Sequence[float] = (0.5, 0.5),
        max_scale: int | None = None,
        augmenters: Sequence[str] = PAPER_AUGMENTERS,
        per_image: int = 3,
        blend: Sequence[float] = (0.2, 1.0),
        probability: float = 1.0,
        within_brain: bool = False,
        source: str = "noise",
    ) -> None:
        """``shape`` (H, W) of the slices. Raises ConfigError for unknown names and for values that are not possible."""
        (low, high), (least, most) = threshold, blend
        fits.augmenters(augmenters, per_image)
        if source not in SOURCES:
            raise ConfigError(f"draem.source: unknown {source!r}", fix=f"choose from {', '.join(SOURCES)}")
        spacing = spacing or released_spacing(shape)
        side = max(*shape, round(VIEW / spacing))
        self.perlin = Perlin((side, side), spacing, max_scale)
        self.window = [slice(margin := (side - size) // 2, margin + size) for size in shape]
        self.threshold, self.blend = (low, high), (least, most)
        self.augmenters, self.per_image = tuple(augmenters), per_image
        self.probability, self.within_brain, self.source = probability, within_brain, source

    def __call__(self, images: Tensor, brain: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Paint on ``images`` (float32 [B, 1, H, W] in [0, 1], on the generator's device) with ``brain`` (bool, same shape).

        Returns the images and the labels M, float32 0/1 [B, 1, H, W].
        """
        n = len(images)
        whole = rotate(self.perlin(n, generator), uniform(n, -90, 90, generator))
        noise = whole[:, self.window[0], self.window[1]]
        mask = noise > uniform(n, *self.threshold, generator)[:, None, None]
        mask &= (uniform(n, 0, 1, generator) < self.probability)[:, None, None]
        if self.within_brain:
            mask &= brain[:, 0]
        source = (255 * noise).long() & 255 if self.source == "noise" else 255 * mask.long()
        pattern = augment(source, self.augmenters, self.per_image, generator).float() / 255
        weight = uniform(n, *self.blend, generator)[:, None, None] * mask
        return (images[:, 0] + weight * (pattern - images[:, 0]))[:, None], mask[:, None].float()
