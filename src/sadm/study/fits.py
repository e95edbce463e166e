"""Which values fit each other: called by the planning, before any job, and by the networks that need it.

Each function raises ConfigError for what cannot be; ``shape`` is the in-plane size (X, Y) of a slice in pixels. A method
names those that its hyper-parameters must fulfil: ``fits={"seg_unet": ("channels",)}``.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from sadm.runtime.errors import ConfigError

Shape = Sequence[int]
# mm: the square of the released Perlin noise, 128 pixels of 2 mm, and its smallest cells.
CANVAS, FINEST = (256.0, 4.0)
AUGMENTERS = ("brightness", "sharpness", "hue_saturation", "solarize", "posterize", "autocontrast", "equalize",
              "gamma", "invert", "rotation")  # fmt: skip


def halved(shape: Shape, levels: int, network: str = "a U-Net", least: int = 1) -> None:
    """Both sizes can be halved ``levels`` - 1 times, to ``least`` pixels or more."""
    factor = 2 ** (levels - 1)
    if any(size % factor or size < least * factor for size in shape):
        cause = f"both sizes must be multiples of {factor}"
        cause += f", and at least {least * factor}" if least > 1 else ""
        raise ConfigError(
            f"Slices of {shape[0]}x{shape[1]} pixels do not fit {network} of {levels} levels.",
            cause=cause,
            fix="choose another grid, or fewer channels",
        )


def autoencoder(shape: Shape, channels: Sequence[int]) -> None:
    """Each stage of AE and VAE halves the slice."""
    halved(shape, len(channels) + 1, "an autoencoder")


def seg_unet(shape: Shape, channels: Sequence[int]) -> None:
    """The coarsest level has two pixels along each axis, as its reflected borders need them."""
    halved(shape, len(channels), least=2)


def wide_resnet(shape: Shape, channels: Sequence[int]) -> None:
    """PII's network."""
    several(channels, "PII's network")
    halved(shape, len(channels), "PII's network")


def draem_unets(shape: Shape, *channels: Sequence[int]) -> None:
    """Both networks of DRAEM."""
    for each in channels:
        several(each, "DRAEM's networks")
        halved(shape, len(each))


def several(channels: Sequence[int], network: str) -> None:
    """There are two levels or more."""
    if len(channels) < 2:
        cause = f"{list(channels)} is one level"
        raise ConfigError(f"{network} cannot be that shallow.", cause=cause, fix="give two channels or more")


def adm_unet(shape: Shape, channels: Sequence[int], head_channels: int, groups: int) -> None:
    """The slice fits the levels, and what `adm_channels` asks for."""
    adm_channels(channels, head_channels, groups)
    halved(shape, len(channels))


def adm_channels(channels: Sequence[int], head_channels: int, groups: int) -> None:
    """All channels fit the groups, the last the attention heads, and the first are as many sines as cosines."""
    if any(width % groups for width in channels) or channels[-1] % head_channels:
        raise ConfigError(
            f"A U-Net cannot have the channels {list(channels)}.",
            cause=f"all must be multiples of the {groups} groups, and the last of the {head_channels} head channels",
            fix="change channels, groups or head_channels",
        )
    if channels[0] % 2:
        cause = f"the time is told by {channels[0]} sines and cosines, as many of each"
        raise ConfigError(
            f"A U-Net cannot begin with {channels[0]} channels.", cause=cause, fix="use an even number"
        )


def steps(shape: Shape, t_test: Sequence[int], timesteps: int) -> None:
    """The test steps lie in 1 ... T."""
    if wrong := [t for t in t_test if not 1 <= t <= timesteps]:
        cause = f"there are {timesteps} diffusion steps"
        raise ConfigError(f"t_test: there is no step {wrong[0]}", cause=cause, fix=f"use 1 to {timesteps}")


def patches(shape: Shape, grid: int) -> None:
    """``grid`` x ``grid`` patches tile a slice."""
    if any(size % grid for size in shape):
        cause = f"a slice has {shape[0]}x{shape[1]} pixels"
        raise ConfigError(f"{grid}x{grid} patches do not tile a slice.", cause=cause, fix="change grid")


def feature_autoencoder(shape: Shape, size: int, channels: Sequence[int]) -> None:
    """FAE halves features of a quarter of ``size`` at each stage."""
    _multiple(size, 4 * 2 ** len(channels), f"{len(channels)} stages halve features of a quarter of the size")


def reverse_distillation(shape: Shape, size: int, layers: Sequence[int]) -> None:
    """RD's code is half as large as the features of the last stage."""
    factor = 4 * 2 ** len(layers)
    _multiple(size, factor, f"the code has a {factor}th of a slice's size")


def _multiple(size: int, factor: int, cause: str) -> None:
    if size < factor or size % factor:
        raise ConfigError(
            f"size {size} does not fit the network.", cause=cause, fix=f"a multiple of {factor}"
        )


def masked_decoder(shape: Shape, layers: Sequence[int], width: int) -> None:
    """SparK's decoder halves its channels at each step."""
    cell = 2 ** (1 + len(layers))
    if width % cell:
        cause = f"it is halved {len(layers) + 1} times"
        raise ConfigError(f"decoder_width: {width} does not fit", cause=cause, fix=f"a multiple of {cell}")


def canvas(shape: Shape, spacing: float) -> float:
    """Edge in mm of the square that Perlin lattices divide: 256, or twice that until a slice fits; ``spacing`` of pixels in mm."""
    edge = CANVAS
    while edge < max(shape) * spacing:
        edge *= 2
    return edge


def finest(shape: Shape, spacing: float) -> int:
    """k of the finest Perlin lattice, of 2^k cells an axis, whose cells have 4 mm or more, and two pixels or more.

    That is 6 on the paper's grid, where two pixels are 4 mm, and one less where pixels are twice as large.
    """
    return int(math.log2(canvas(shape, spacing) / max(FINEST, 2 * spacing)))


def lattice(shape: Shape, spacing: float, max_scale: int | None) -> int:
    """k of the finest Perlin lattice: ``max_scale``, which may have one cell a pixel and no more, or where it is None `finest`."""
    if max_scale is None:
        return finest(shape, spacing)
    pixels = canvas(shape, spacing) / spacing
    if 2**max_scale > pixels:
        cause = f"2^{max_scale} cells on a canvas of {pixels:g} x {pixels:g} pixels"
        fix = f"use at most {int(math.log2(pixels))}, or leave it out"
        raise ConfigError("draem.max_scale is too fine for the slices.", cause=cause, fix=fix)
    return max_scale


def augmenters(names: Sequence[str], per_image: int) -> None:
    """All are known, each is named once, and there are ``per_image`` or more."""
    if unknown := sorted(set(names) - set(AUGMENTERS)):
        fix = f"choose from {', '.join(AUGMENTERS)}"
        raise ConfigError(f"draem.augmenters: unknown {', '.join(unknown)}", fix=fix)
    if not 0 <= per_image <= len(set(names)) == len(names):
        cause = f"{per_image} distinct ones of {len(names)} names"
        fix = "name at least per_image, each once"
        raise ConfigError("draem.augmenters: too few, or one twice", cause=cause, fix=fix)


def ordered(numbers: Sequence[float], where: str) -> None:
    """None of ``numbers`` is above the next."""
    for low, high in pairwise(numbers):
        if low > high:
            raise ConfigError(f"{where}: {low} is above {high}", fix="give the lower end first")
