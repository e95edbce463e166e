"""Training batches, made on the device from volumes that are read once.

One pipeline for all methods: draw volumes and slices, augment, paint or look up the label, ask the method for its context.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sadm.anomalies.draem import Draem
from sadm.cohort.packed import Packed
from sadm.methods.base import Batch
from sadm.runtime.errors import SplitError
from sadm.training.augment import Augment

Context = Callable[[Batch], Tensor | None]


@dataclass(frozen=True)
class Store:
    """The volumes of one part of a split on the device: ``t1`` float16, ``brain`` bool, ``lesion`` uint8, all [N, D, X, Y]."""

    t1: Tensor
    brain: Tensor
    lesion: Tensor

    @classmethod
    def read(cls, packed: Packed, indices: np.ndarray, device: torch.device, what: str) -> "Store":
        """The volumes ``indices`` of ``packed``. Raises SplitError, which says ``what`` is empty, if there are none."""
        if len(indices) == 0:
            fix = "give it at least one subject in the config (splits, or annotated and annotated_val of the data set)"
            raise SplitError(
                f"The {what} has no scan.",
                cause="the split leaves it empty, or its scans were excluded",
                fix=fix,
            )
        arrays = [
            torch.from_numpy(np.ascontiguousarray(a[indices]))
            for a in (packed.t1, packed.brain, packed.lesion)
        ]
        t1, brain, lesion = (a.to(device) for a in arrays)
        return cls(t1, brain.bool(), lesion)

    def digest(self) -> str:
        """SHA-256 of the volumes' content."""
        total = hashlib.sha256()
        for tensor in (self.t1, self.brain, self.lesion):
            total.update(tensor.cpu().numpy().data)
        return total.hexdigest()

    @property
    def slice_shape(self) -> tuple[int, int]:
        """In-plane size (X, Y)."""
        return self.t1.shape[2], self.t1.shape[3]


@dataclass(frozen=True)
class Slices:
    """Batches of random slices of a store, each made when it is asked for.

    An epoch takes ``slices`` uniformly drawn slices from each volume, in random order, ``batch`` at a time (paper,
    Appendix B; empty slices included). ``drop_last`` leaves out an incomplete last batch if there is a
    complete one. Labels: painted by ``draem`` if given, else the store's if ``labelled``, else none. ``pairs``: each slice
    gets a partner, the slice at its height in another volume, augmented like it (in itself if there is only one volume).
    """

    store: Store
    batch: int
    slices: int
    augment: Augment
    context: Context
    draem: Draem | None = None
    labelled: bool = False
    drop_last: bool = False
    pairs: bool = False

    def sizes(self) -> list[int]:
        """Batch sizes of an epoch."""
        full, rest = divmod(self.slices * len(self.store.t1), self.batch)
        return [self.batch] * full + ([rest] if rest and not (self.drop_last and full) else [])

    def epoch(self, generator: torch.Generator) -> Iterator[Batch]:
        """The batches of one epoch; all draws are ``generator``'s."""
        volumes, depth = self.store.t1.shape[:2]
        scan = torch.randperm(self.slices * volumes, generator=generator, device=generator.device) % volumes
        plane = torch.randint(depth, (len(scan),), generator=generator, device=generator.device)
        kept = sum(self.sizes())
        yield from self._batches(scan[:kept], plane[:kept], generator)

    def every(self, generator: torch.Generator) -> Iterator[Batch]:
        """Batches of each slice of each volume once, volume by volume; ``generator`` draws augmentations and anomalies."""
        volumes, depth = self.store.t1.shape[:2]
        index = torch.arange(volumes * depth, device=generator.device)
        yield from self._batches(index // depth, index % depth, generator)

    @property
    def annotated(self) -> bool:
        """Whether the volumes are patients with labels of their own, of which there are few."""
        return self.labelled and self.draem is None

    def _batches(self, scan: Tensor, plane: Tensor, generator: torch.Generator) -> Iterator[Batch]:
        for scans, planes in zip(scan.split(self.batch), plane.split(self.batch), strict=True):
            yield self.make(scans, planes, generator)

    def make(self, scan: Tensor, plane: Tensor, generator: torch.Generator) -> Batch:
        """The batch of axial slices ``plane`` [B] of volumes ``scan`` [B]."""
        original = self.augment(self.store.t1, scan, plane, generator)
        brain = self.store.brain[scan, plane][:, None]
        image, label, partner = original, None, None
        if self.pairs:
            other = (scan + self._shift(len(scan), generator)) % len(self.store.t1)
            partner = self.augment(self.store.t1, other, plane, generator)
        if self.draem is not None:
            image, label = self.draem(image, brain, generator)
        elif self.labelled:
            label = self.store.lesion[scan, plane][:, None].float()
        bare = Batch(image, label, brain, None, generator, original, partner)
        return replace(bare, context=self.context(bare))

    def _shift(self, count: int, generator: torch.Generator) -> Tensor:
        """Steps [count] to another volume, uniform over the others."""
        others = max(len(self.store.t1), 2)
        return torch.randint(1, others, (count,), generator=generator, device=generator.device)


class Bank:
    """Batches drawn with replacement from ``size`` slices that ``source`` made once, with labels and contexts.

    For small CPU studies, where a frozen pass for each step would cost more than the step.
    """

    def __init__(self, source: Slices, size: int, generator: torch.Generator) -> None:
        made: list[Batch] = []
        while sum(map(len, made)) < size:
            made.extend(source.epoch(generator))
        self.sizes, self.size, self.made = source.sizes, size, joined(made)

    def epoch(self, generator: torch.Generator) -> Iterator[Batch]:
        """As many batches, of the same sizes, as an epoch of the source."""
        for size in self.sizes():
            rows = torch.randint(self.size, (size,), generator=generator, device=generator.device)
            picked: dict[str, Any] = {
                name: None if a is None else a[rows] for name, a in tensors(self.made).items()
            }
            yield replace(self.made, **picked, generator=generator)


def tensors(batch: Batch) -> dict[str, Any]:
    """What a batch holds for each slice, by name."""
    return {field.name: getattr(batch, field.name) for field in fields(batch) if field.name != "generator"}


def joined(batches: Sequence[Batch]) -> Batch:
    """One batch of all slices of ``batches``."""
    parts = [tensors(batch) for batch in batches]
    whole: dict[str, Any] = {
        name: None if a is None else torch.cat([p[name] for p in parts]) for name, a in parts[0].items()
    }
    return replace(batches[0], **whole)
