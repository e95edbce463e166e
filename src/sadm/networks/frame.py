"""The frame that a network sees slices in: where the axes of an array [D, X, Y] lead.

A frame has three letters, one for each of X, Y and D: R or L for right or left, A or P for front or back, S for up. Volumes of a
study are RAS. Networks that were trained on slices which lie otherwise keep their frame (turned weights would not do: the first
pixel of a stride is another one), and what they are given is turned instead.
"""

from torch import Tensor

from sadm.runtime.errors import ConfigError

STUDY = "RAS"
# Axes of [..., X, Y] that run against the study's.
FLIPPED = {"RAS": (), "LAS": (-2,), "RPS": (-1,), "LPS": (-2, -1)}


def check(frame: object) -> str:
    """``frame``, one of the four that there are. Raises ConfigError for anything else."""
    if not isinstance(frame, str) or frame not in FLIPPED:
        fix = f"name where X, Y and D lead: {', '.join(FLIPPED)}"
        raise ConfigError(f"{frame!r} is no frame of slices.", fix=fix)
    return frame


def turned(planes: Tensor, frame: str) -> Tensor:
    """``planes`` [..., X, Y] of the study's frame in ``frame``, or back: it is its own inverse, and changes no value."""
    return planes.flip(FLIPPED[frame]) if FLIPPED[frame] else planes
