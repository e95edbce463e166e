"""Intensity augmentation of single slices, equal to torchio's transforms of the volume (paper, Appendix B).

torchio's own classes draw the parameters; the drawn transforms are then applied to the asked slices of a batch alone.
Gamma and bias field act on each voxel; blur and ghosting are linear along each axis, so that together they are one matrix
an axis: the slice is a weighted sum of the volume's slices (a row of the matrix of the slice axis), multiplied from both
sides in the plane. Only the slices with a weight are read: one where nothing acts along the slice axis, the kernel's width
where blur does, all where ghosting does.

Blur and ghosting are those of torchio 1.2, and equal 0.18.73's of the released code: there `restore=0.02` had no effect
and the central plane of k-space was restored, which is what torchio does today by default.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

ORDER = 3  # of the bias field's polynomial
# Powers of x, y, slice, in torchio's order of the coefficients.
TERMS = [(a, b, c) for a in range(ORDER + 1) for b in range(ORDER + 1 - a) for c in range(ORDER + 1 - a - b)]


@dataclass(frozen=True)
class Drawn:
    """Parameters for n slices; a transform that was not drawn has the value in brackets, which changes nothing."""

    gamma: Tensor  # [n] exponent (1)
    bias: Tensor  # [n, 20] coefficients of TERMS (0)
    std: Tensor  # [n, 3] blur in mm along x, y, slice (0)
    ghosts: Tensor  # [n] number of ghosts, 4..10
    axis: Tensor  # [n] axis of the ghosts: 0 x, 1 y, 2 slice
    intensity: Tensor  # [n] of the ghosts (0)

    def to(self, device: torch.device) -> "Drawn":
        """The same parameters on ``device``."""
        return Drawn(*(getattr(self, field.name).to(device) for field in fields(self)))


class Augment:
    """RandomGamma, RandomBiasField, RandomBlur and RandomGhosting, in this order, each with its probability.

    ``shape`` (D, X, Y) of the volumes; ``spacing`` in mm of their isotropic voxels (the blur is drawn in mm). Ranges are
    torchio's defaults: log gamma +-.3, bias coefficients +-.5 of order 3, blur 0..2 mm an axis, 4..10 ghosts of
    intensity .5..1. What has probability 0 is neither drawn nor computed.
    """

    def __init__(
        self,
        shape: Sequence[int],
        spacing: float = 2.0,
        gamma: float = 0.5,
        bias_field: float = 0.25,
        blur: float = 0.25,
        ghosting: float = 0.5,
    ) -> None:
        import torchio  # two seconds

        self.shape, self.spacing = torch.Size(shape), spacing
        self.sizes = (*self.shape[1:], self.shape[0])
        self.probability = torch.tensor([gamma, bias_field, blur, ghosting])
        self.gamma, self.bias_field = torchio.RandomGamma(), torchio.RandomBiasField(order=ORDER)
        self.blur, self.ghosting = torchio.RandomBlur(), torchio.RandomGhosting()
        self.powers = [_coordinates(n)[:, None] ** torch.arange(ORDER + 1) for n in self.sizes]

    def __call__(
        self, volumes: Tensor, scan_index: Tensor, slice_index: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Augmented slices, float32 [B, 1, X, Y], each with its own draw.

        ``volumes`` half or float [N, D, X, Y] on the device; ``scan_index``, ``slice_index`` int64 [B]. Raises ValueError
        for volumes of another shape than announced.
        """
        drawn = self.draw(len(scan_index), generator)
        return self.apply(drawn, volumes, scan_index, slice_index)

    def draw(self, n: int, generator: torch.Generator) -> Drawn:
        """Parameters for ``n`` slices. torchio draws from torch's global generator: it is seeded here and put back."""
        seed = torch.randint(2**62, (1,), generator=generator, device=generator.device).item()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(int(seed))
            on = (torch.rand(n, 4) < self.probability).T.tolist()
            return Drawn(*self._gamma_and_bias(on[0], on[1]), *self._blur_and_ghosts(on[2], on[3]))

    def _gamma_and_bias(self, with_gamma: list[bool], with_bias: list[bool]) -> tuple[Tensor, Tensor]:
        law, none = self.bias_field, [0.0] * len(TERMS)
        gamma = [self.gamma.get_params(self.gamma.log_gamma_range) if on else 1.0 for on in with_gamma]
        bias = [law.get_params(ORDER, law.coefficients_range) if on else none for on in with_bias]
        return torch.tensor(gamma, dtype=torch.float32), torch.tensor(bias)

    def _blur_and_ghosts(self, with_blur: list[bool], with_ghosts: list[bool]) -> tuple[Tensor, ...]:
        std = [self.blur.get_params(self.blur.std_ranges) if on else (0.0, 0.0, 0.0) for on in with_blur]
        law = self.ghosting
        ranges = law.num_ghosts_range, (0, 1, 2), law.intensity_range, None
        ghosts = [law.get_params(*ranges)[:3] if on else (4, 0, 0.0) for on in with_ghosts]
        number, axis, intensity = zip(*ghosts)
        return torch.tensor(std), torch.tensor(number), torch.tensor(axis), torch.tensor(intensity)

    def apply(self, drawn: Drawn, volumes: Tensor, scan_index: Tensor, slice_index: Tensor) -> Tensor:
        """The slices that ``drawn`` makes of the volumes, float32 [B, 1, X, Y]; arguments as in `__call__`."""
        if volumes.shape[1:] != self.shape:
            found, announced = tuple(volumes.shape[1:]), tuple(self.shape)
            raise ValueError(f"volumes (D, X, Y) are {found}, not {announced} as announced")
        drawn = drawn.to(volumes.device)
        weights = self._along_slices(drawn, slice_index)
        sample, depth = weights.nonzero(as_tuple=True)
        slices = self._pointwise(drawn, volumes[scan_index[sample], depth].float(), sample, depth)
        slices *= weights[sample, depth, None, None]
        mixed = slices.new_zeros(len(weights), *slices.shape[1:]).index_add_(0, sample, slices)
        return self._in_plane(drawn, mixed)[:, None]

    def _pointwise(self, drawn: Drawn, slices: Tensor, sample: Tensor, depth: Tensor) -> Tensor:
        """Gamma and bias field of the slices [P, X, Y] that belong to ``sample`` [P] and lie at ``depth`` [P]."""
        acts = (drawn.gamma != 1) | (drawn.bias != 0).any(1)
        rows = acts[sample].nonzero()[:, 0]
        if not len(rows):
            return slices
        x, y, z = (powers.to(slices.device) for powers in self.powers)
        coefficients = slices.new_zeros(len(drawn.bias), *[ORDER + 1] * 3)
        a, b, c = torch.tensor(TERMS).T
        coefficients[:, a, b, c] = drawn.bias
        in_plane = torch.einsum("pabc,pc->pab", coefficients[sample[rows]], z[depth[rows]])
        exponent = drawn.gamma[sample[rows], None, None]
        # sign(v) |v|^gamma exp(polynomial), with one exponential; 0 stays 0
        values = slices[rows]
        log = values.abs().log_().mul_(exponent).add_(x @ in_plane @ y.T)
        slices[rows] = log.exp_().copysign_(values)
        return slices

    def _along_slices(self, drawn: Drawn, slice_index: Tensor) -> Tensor:
        """Weight [B, D] of each slice of the volume in the slice asked for."""
        depth = self.sizes[2]
        acts = (drawn.std[:, 2] > 0) | ((drawn.intensity > 0) & (drawn.axis == 2))
        weights = torch.nn.functional.one_hot(slice_index, depth).float()
        rows = acts.nonzero()[:, 0]
        if len(rows):
            matrix = self._matrix(drawn, 2, rows)
            weights[rows] = matrix[torch.arange(len(rows), device=rows.device), slice_index[rows]]
        return weights

    def _in_plane(self, drawn: Drawn, slices: Tensor) -> Tensor:
        """Blur and ghosting along x and y of the slices [B, X, Y]."""
        acts = (drawn.std[:, :2] > 0).any(1) | ((drawn.intensity > 0) & (drawn.axis < 2))
        rows = acts.nonzero()[:, 0]
        if len(rows):
            slices[rows] = self._matrix(drawn, 0, rows) @ slices[rows] @ self._matrix(drawn, 1, rows).mT
        return slices

    def _matrix(self, drawn: Drawn, axis: int, rows: Tensor) -> Tensor:
        """Ghosting after blur along ``axis`` for the samples ``rows`` [S], as matrices [S, n, n]."""
        n = self.sizes[axis]
        intensity = drawn.intensity[rows] * (drawn.axis[rows] == axis)
        blur = blur_matrix(drawn.std[rows, axis] / self.spacing, n)
        return ghosting_matrix(drawn.ghosts[rows], intensity, n) @ blur


def _coordinates(n: int) -> Tensor:
    """Voxel centres, -1..1 from the first to the last (one voxel: 0)."""
    return (torch.arange(n) - (n - 1) / 2) / max((n - 1) / 2, 0.5)


def blur_matrix(std: Tensor, n: int) -> Tensor:
    """`scipy.ndimage.gaussian_filter1d` (truncate 4, reflect) along n voxels for each ``std`` [S] (voxels), [S, n, n]."""
    radius = (4 * std + 0.5).floor()
    reach = int(radius.max())
    distance = torch.arange(-reach, reach + 1, device=std.device)
    kernel = torch.exp(-0.5 * (distance / std.clamp(min=1e-6)[:, None]) ** 2) * (
        distance.abs() <= radius[:, None]
    )
    kernel = kernel / kernel.sum(1, keepdim=True)
    source = torch.arange(n, device=std.device)[:, None] + distance
    source = torch.where(source % (2 * n) < n, source % (2 * n), 2 * n - 1 - source % (2 * n))
    matrix = kernel.new_zeros(len(std), n, n)
    return matrix.scatter_add_(2, source.expand(len(std), -1, -1), kernel[:, None].expand(-1, n, -1))


def ghosting_matrix(ghosts: Tensor, intensity: Tensor, n: int) -> Tensor:
    """torchio's Ghosting along n voxels for each number of ghosts and intensity [S], as circulant matrices [S, n, n].

    Every ``ghosts``-th plane of the centred spectrum, but the central one, is multiplied by 1 - intensity; the real part
    of the inverse transform of that mask is the kernel of a circular convolution.
    """
    plane = torch.arange(n, device=ghosts.device)
    frequency = plane - n // 2
    hit = (plane % ghosts[:, None] == 0) & (frequency != 0)
    waves = torch.cos(2 * torch.pi / n * (frequency[:, None] * plane % n))
    kernel = -intensity[:, None] / n * (hit.float() @ waves)
    kernel[:, 0] += 1
    return kernel[:, (plane[:, None] - plane) % n]
