"""Whether weights are those of a network that may be: the one check of all that opens weights, and of what is converted to some."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sadm.networks.frame import check
from sadm.runtime import kinds
from sadm.study import fits, registry

PIXELS = {"type": "array", "items": kinds.LIMITS["Pixels"], "minItems": 2, "maxItems": 2}
VARIANCE = "running_var"  # of a batch normalisation: a root is taken of it


@dataclass(frozen=True)
class Described:
    """What a weights file says of its networks: ``shape`` is the in-plane size (X, Y) of their slices in pixels."""

    method: str
    hyper: dict[str, Any]
    shape: tuple[int, int]
    frame: str

    @classmethod
    def of(cls, meta: Mapping[str, Any], scored_with: Mapping[str, Any] | None = None) -> "Described":
        """What ``meta`` says, its hyper-parameters within the limits of a study's and fitting each other.

        ``scored_with`` are hyper-parameters over those of ``meta``. Raises ValueError for what is absent or cannot be, ConfigError
        for a method or a combination that there is not.
        """
        if lacking := [key for key in ("method", "hyper", "shape", "frame") if key not in meta]:
            raise ValueError(f"they do not tell their {', '.join(lacking)}")
        method, said, shape, frame = (meta[key] for key in ("method", "hyper", "shape", "frame"))
        if not isinstance(method, str) or not isinstance(said, Mapping) or not isinstance(frame, str):
            raise ValueError("their method, hyper or frame is of another kind")
        if wrong := kinds.fault(shape, PIXELS):
            raise ValueError(f"their shape {wrong}")
        hyper = {**said, **(scored_with or {})}
        check_hyper(method, hyper, (shape[0], shape[1]))
        return cls(method, hyper, (shape[0], shape[1]), check(frame))


def check_hyper(method: str, hyper: Mapping[str, Any], shape: tuple[int, int]) -> None:
    """Hold ``hyper`` of ``method`` against the limits that the settings of a study have, and against ``shape``.

    Raises ValueError for a value that cannot be, ConfigError for a method or a combination that there is not.
    """
    declared = registry.method(method)
    known = registry.settings("methods", method)
    for key, value in hyper.items():
        if key not in known:
            raise ValueError(f"{method} has no hyper-parameter {key!r}")
        if wrong := kinds.fault(value, kinds.form(known[key]["type"])):
            raise ValueError(f"their hyper-parameter {key} {wrong}")
    whole = {key: each["default"] for key, each in known.items()} | dict(hyper)
    for name, keys in declared.fits.items():
        getattr(fits, name)(shape, *(whole[key] for key in keys))


def misfits(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Iterator[tuple[str, list[str]]]:
    """What is wrong with ``tensors`` for a network whose state is ``wanted`` (on no device), in words, and of which tensors."""
    both = [name for name in wanted if name in tensors]
    yield "lacks tensors", [name for name in wanted if name not in tensors]
    yield "has tensors that no network of ours has", [name for name in tensors if name not in wanted]
    yield (
        "has tensors of another shape or type",
        [
            f"{name} {kind(tensors[name])}, not {kind(wanted[name])}"
            for name in both
            if kind(tensors[name]) != kind(wanted[name])
        ],
    )
    yield "has tensors that are not finite", [name for name in both if not tensors[name].isfinite().all()]
    negative = [name for name in both if name.endswith(VARIANCE) and (tensors[name] < 0).any()]
    yield "has variances below 0", negative


def kind(tensor: Tensor) -> str:
    """Type and shape: "float32 [3, 4]"."""
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def as_real(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """``tensor`` as ``dtype`` where both are floating-point numbers, else as it is: no whole numbers stand for weights."""
    real = tensor.is_floating_point() and dtype.is_floating_point
    return tensor.to(dtype) if real else tensor
