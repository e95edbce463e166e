"""Poisson image interpolation: patches of one slice blended into another (Tan et al. 2021).

    guidance on the edge from p to its neighbour q:  u = (1 - a)(f_p - f_q), v = a (g_p - g_q), the larger in size
    4 h_p - sum_q h_q = sum_q guidance(p, q)   in a rectangle;   h = f outside it

The difference e = h - f vanishes outside, so only the excess of the guidance over f's own gradient is the source, and no
boundary value enters. A rectangle's sines S_n[k, l] = sqrt(2 / (n + 1)) sin(pi k l / (n + 1)) diagonalise the operator:

    e = S_n ((S_n R S_m) / L) S_m,    L_ij = (2 - 2 cos(pi i / (n + 1))) + (2 - 2 cos(pi j / (m + 1)))

Patches have at most 40 % of a slice's size, so dense sines cost less than transforms, and a batch of different sizes is a
chain of matrix products, padded to the largest.
"""

from collections.abc import Sequence
from math import pi

import torch
from torch import Tensor

from sadm.anomalies.perlin import uniform

STEP = 1e-3  # grey values that fall in the same step count as unchanged


class Poisson:
    """Blends one square patch of a partner into each slice of a batch.

    The half width is an integer in [5 %, 20 %) of the smaller size; the centre is uniform in the central 80 % of each axis
    or, with ``centre_in_brain``, over the brain's pixels (where a slice has any), and then the results are cut to the
    brain. The patch is cut to the slice without its frame of one pixel. The weight ``alpha`` of the partner is
    U(``alpha``), one for each slice.
    """

    def __init__(self, *, centre_in_brain: bool = True, alpha: Sequence[float] = (0.05, 0.95)) -> None:
        self.centre_in_brain, self.alpha = centre_in_brain, tuple(alpha)

    def __call__(
        self, images: Tensor, partners: Tensor, brain: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Blend ``partners`` into ``images`` (float32 [B, 1, X, Y], on the generator's device); ``brain`` bool, same shape.

        Returns the slices and their soft labels: alpha where the patch changed the slice, else 0.
        """
        low, high = self.alpha
        alpha = uniform(len(images), low, high, generator)
        first, last = self.boxes(brain[:, 0], generator)
        found, label = interpolate(images[:, 0], partners[:, 0], first, last, alpha)
        if self.centre_in_brain:
            found, label = found * brain[:, 0], label * brain[:, 0]
        return found[:, None], label[:, None]

    def boxes(self, brain: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """First pixels and ends (exclusive), int64 [2, B] each, of a patch in each slice; ``brain`` bool [B, X, Y]."""
        count, shape = len(brain), brain.shape[1:]
        low = max(round(0.05 * min(shape)), 1)
        high = max(round(0.2 * min(shape)), low + 1)
        half = torch.randint(low, high, (count,), generator=generator, device=generator.device)
        allowed = torch.zeros_like(brain)
        allowed[:, shape[0] // 10 : shape[0] * 9 // 10, shape[1] // 10 : shape[1] * 9 // 10] = True
        if self.centre_in_brain:
            allowed = torch.where(brain.any(2).any(1)[:, None, None], brain, allowed)
        pixel = drawn(allowed.flatten(1), generator)
        centre = torch.stack([pixel // shape[1], pixel % shape[1]])
        end = torch.tensor(shape, device=generator.device)[:, None] - 1
        return (centre - half).clamp(min=1), torch.minimum(centre + half, end)


def interpolate(f: Tensor, g: Tensor, first: Tensor, last: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    """Blend ``g`` into ``f`` [B, X, Y] in the rectangles ``first`` to ``last`` (exclusive) [2, B], with weights ``alpha`` [B].

    Returns h, clipped to the range of f, and the label, alpha where h is in another `STEP` than f, both of f's dtype.
    Rectangles keep off the slice's frame and may be empty. Computed in float64: labels hang on the last digits.
    """
    length = (last - first).clamp(min=0)
    reach = torch.arange(-1, max(int(length.max()), 1) + 1, device=f.device)
    rows, columns = ((start[:, None] + reach).clamp(0, size - 1) for start, size in zip(first, f.shape[1:]))
    sample = torch.arange(len(f), device=f.device)[:, None, None]
    window = sample, rows[:, :, None], columns[:, None, :]
    patch = sample, rows[:, 1:-1, None], columns[:, None, 1:-1]
    weight, own = alpha.double()[:, None, None], f[patch].double()
    found = own + solve(excess(f[window].double(), g[window].double(), weight), *length)
    found = found.clamp(f.amin((1, 2), True).double(), f.amax((1, 2), True).double())
    label = weight * (torch.floor(own / STEP) != torch.floor(found / STEP))
    # Beyond a smaller rectangle, and twice at the slice's border, the windows write f and 0: what is there already.
    return f.index_put(patch, found.to(f.dtype)), torch.zeros_like(f).index_put(patch, label.to(f.dtype))


def excess(f: Tensor, g: Tensor, alpha: Tensor) -> Tensor:
    """Sum over a pixel's neighbours of the guidance less f's own gradient, of windows [B, n + 2, m + 2]: [B, n, m]."""
    total = torch.zeros_like(f[:, 1:-1, 1:-1])
    for axis, across in ((1, 2), (2, 1)):
        own, other = f.diff(dim=axis), alpha * g.diff(dim=axis)
        kept = (1 - alpha) * own
        more = torch.where(kept.abs() > other.abs(), kept, other) - own
        total -= more.diff(dim=axis).narrow(across, 1, total.shape[across])
    return total


def solve(source: Tensor, height: Tensor, width: Tensor) -> Tensor:
    """e with 4 e_p - sum_q e_q = ``source`` [B, n, m] in the top left ``height`` x ``width`` [B] pixels, and 0 beyond."""
    (left, x), (right, y) = (sines(*pair) for pair in zip((height, width), source.shape[1:]))
    spectrum = left @ source @ right / (x[:, :, None] + y[:, None, :])
    return left @ spectrum @ right


def sines(length: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The sines of intervals of ``length`` [B] as matrices [B, size, size], 0 beyond an interval, and their eigenvalues."""
    number = torch.arange(1, size + 1, dtype=torch.float64, device=length.device)
    period, valid = (length + 1).double()[:, None], number <= length[:, None]
    waves = torch.sin(pi * number[:, None] * number / period[:, :, None]) * torch.sqrt(2 / period)[:, :, None]
    values = torch.where(valid, 2 - 2 * torch.cos(pi * number / period), 1.0)
    return waves * (valid[:, :, None] & valid[:, None, :]), values


def drawn(allowed: Tensor, generator: torch.Generator) -> Tensor:
    """One of the true entries of each row [B, N], uniformly: its index [B]. A row without any gives N."""
    rank = allowed.cumsum(1)
    draw = torch.rand(len(rank), 1, generator=generator, device=generator.device, dtype=torch.float64)
    return torch.searchsorted(rank, (draw * rank[:, -1:]).long() + 1)[:, 0]
