"""What all methods share: the batch they get, and the interface that the training loop and the scoring know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sadm import registry
from sadm.errors import ConfigError

# (volume, mean reconstruction, brain), each [D, X, Y] -> map [D, X, Y] >= 0: sadm.score.residual_map with its parameters
ResidualScore = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Batch:
    """B axial slices on the device.

    ``image`` float32 [B, 1, X, Y], about [0, 1] (augmentation may leave it); ``label`` float32 0/1 of the same shape, or
    None for a method that trains without; ``brain`` bool of the same shape; ``context`` what `Method.context` made of the
    batch; ``generator`` the source of all draws of a loss, on the device.
    """

    image: Tensor
    label: Tensor | None
    brain: Tensor
    context: Tensor | None
    generator: torch.Generator

    def __len__(self) -> int:
        return len(self.image)


class BaseMethod(nn.Module):
    """A method: networks, a loss, an anomaly map. It knows no loop, and the loop no method.

    ``hyper`` is the method's own ``Hyper``; ``shape`` the in-plane size (X, Y) of a slice; ``needs`` holds the trained
    methods that NEEDS names, frozen and in eval mode. Those are no submodules: neither trained, moved nor saved with it.
    ``score`` turns a reconstruction into a map; only a method that reconstructs asks for it, and only in `anomaly_map`.
    """

    def __init__(
        self, hyper: Any, shape: tuple[int, int], needs: "Mapping[str, BaseMethod] | None" = None
    ) -> None:
        super().__init__()
        self.hyper, self.shape = hyper, shape
        self.needs: dict[str, Any] = dict(needs or {})
        self.score: ResidualScore | None = None

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(self.parameters()).device

    def placed(self, device: torch.device) -> "BaseMethod":
        """Itself on ``device``, weights channels-last, which convolutions are faster with."""
        placed: BaseMethod = self.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return placed

    def loss(self, batch: Batch) -> Tensor:
        """Scalar training loss of a batch, differentiable."""
        raise NotImplementedError

    def context(self, batch: Batch) -> Tensor | None:
        """What the loss needs of the frozen methods in ``needs``; called without gradients. None if it needs nothing."""
        return None

    def reconstruct(self, volume: Tensor, generator: torch.Generator) -> Tensor:
        """Pseudo-healthy versions [T, D, X, Y] of ``volume`` [D, X, Y]; only where RECONSTRUCTS is true."""
        raise NotImplementedError

    def anomaly_map(self, volume: Tensor, brain: Tensor, reconstructions: Tensor | None) -> Tensor:
        """Anomaly map float32 [D, X, Y], >= 0 and 0 outside the brain.

        ``volume`` float32 [D, X, Y] in [0, 1]; ``brain`` bool [D, X, Y]; ``reconstructions`` float32 [T, D, X, Y] of the
        method itself or of the one it needs, None if neither reconstructs.
        """
        raise NotImplementedError


def module(name: str) -> ModuleType:
    """The module of method ``name``, imported. Raises ConfigError if there is none."""
    if name not in registry.names("methods"):
        fix = f"known methods: {', '.join(registry.names('methods'))}"
        raise ConfigError(f"There is no method {name!r}.", fix=fix)
    return import_module(f"sadm.methods.{name}")


def build(
    name: str,
    hyper: Mapping[str, Any],
    shape: tuple[int, int],
    needs: Mapping[str, BaseMethod] | None = None,
    seed: int = 0,
) -> BaseMethod:
    """Method ``name`` with weights drawn from ``seed``, on the CPU; the global random state is left as it was.

    ``hyper`` are fields of its Hyper (lists stand for tuples). Raises ConfigError for a field it does not have.
    """
    found = module(name)
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in hyper.items()}
    try:
        settings = found.Hyper(**values)
    except TypeError as error:
        raise ConfigError(
            f"hyper.{name}: unknown hyper-parameter", cause=str(error), fix="see `class Hyper` of the method"
        ) from None
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        method: BaseMethod = found.Method(settings, shape, needs)
    return method
