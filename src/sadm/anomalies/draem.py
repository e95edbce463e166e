"""DRAEM's synthetic anomalies on slices (Zavrtanik et al. 2021), as SADM uses them (paper, Appendix C)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sadm.anomalies.perlin import Perlin, rotate, uniform
from sadm.anomalies.textures import PAPER_AUGMENTERS, augment
from sadm.runtime.errors import ConfigError
from sadm.study import fits

SOURCES = ("noise", "mask")


class Draem:
    """Paints one anomaly on each slice of a batch.

        n   = Perlin noise, rotated by U(-90, 90) degrees
        M   = n > threshold
        p   = three augmenters of a source image, in [0, 1]
        out = x (1 - M) + b p M + (1 - b) x M,     b ~ U(blend)

    ``threshold`` is drawn from U(low, high) for each slice; ``max_scale`` is the finest lattice, 2^max_scale cells an
    axis; ``augmenters`` the names that ``per_image`` distinct ones are drawn from; ``probability`` the share of slices
    that get an anomaly; ``within_brain`` cuts M to the brain. ``source`` is what is augmented: "noise" (255 n as 8-bit
    integers, negative ones wrap around: what the released code does) or "mask" (255 M: what the paper's text says).

    The defaults are the paper's recipe: a "uniformly sampled threshold" and three of seven augmenters. The paper names no
    range for the threshold: [.25, .75], symmetric about the released .5, is our choice. M may be empty, as in the
    reference. The released recipe is ``threshold=(.5, .5), augmenters=RELEASED_AUGMENTERS``, anomalies outside the brain
    included.
    """

    def __init__(
        self,
        shape: Sequence[int],
        *,
        threshold: Sequence[float] = (0.25, 0.75),
        max_scale: int = 6,
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
        self.perlin = Perlin(shape, max_scale)
        self.threshold, self.blend = (low, high), (least, most)
        self.augmenters, self.per_image = tuple(augmenters), per_image
        self.probability, self.within_brain, self.source = probability, within_brain, source

    def __call__(self, images: Tensor, brain: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Paint on ``images`` (float32 [B, 1, H, W] in [0, 1], on the generator's device) with ``brain`` (bool, same shape).

        Returns the images and the labels M, float32 0/1 [B, 1, H, W].
        """
        n = len(images)
        noise = rotate(self.perlin(n, generator), uniform(n, -90, 90, generator))
        mask = noise > uniform(n, *self.threshold, generator)[:, None, None]
        mask &= (uniform(n, 0, 1, generator) < self.probability)[:, None, None]
        if self.within_brain:
            mask &= brain[:, 0]
        source = (255 * noise).long() & 255 if self.source == "noise" else 255 * mask.long()
        pattern = augment(source, self.augmenters, self.per_image, generator).float() / 255
        weight = uniform(n, *self.blend, generator)[:, None, None] * mask
        return (images[:, 0] + weight * (pattern - images[:, 0]))[:, None], mask[:, None].float()
