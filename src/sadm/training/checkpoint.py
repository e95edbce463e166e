"""Weights and resumable states as safetensors with JSON metadata: no pickle, written atomically, checked when read."""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor

from sadm.methods.base import BaseMethod, build
from sadm.runtime.errors import DataError, SadmError
from sadm.runtime.files import atomic
from sadm.training.valid_weights import Described, misfits

# One key: safetensors writes several in an order that differs from process to process.
KEY = "sadm"


def save(tensors: Mapping[str, Tensor], meta: Mapping[str, Any], path: str | Path) -> None:
    """Write ``tensors`` and JSON-able ``meta`` to ``path``, atomically; equal content is equal bytes."""
    with atomic(path) as tmp:
        write(tensors, meta, tmp)


def write(tensors: Mapping[str, Tensor], meta: Mapping[str, Any], tmp: Path) -> None:
    """Write them to ``tmp``, a file of `atomic`."""
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    tmp.write_bytes(serialise(stored, {KEY: json.dumps(meta, sort_keys=True)}))


def load(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors, on the CPU, and metadata of a file that `save` wrote. Raises DataError if it is missing or damaged."""
    if not Path(path).is_file():
        raise DataError(
            "A weights file is missing.",
            file=path,
            cause="no such file",
            fix="run the training that writes it",
        )
    try:
        with safe_open(path, framework="pt") as stored:
            meta = dict(json.loads((stored.metadata() or {})[KEY]))
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        cause = f"{type(error).__name__}: {error}"
        raise DataError(
            "A weights file cannot be read.", file=path, cause=cause, fix="delete it and train again"
        ) from error
    return tensors, meta


def load_method(
    path: str | Path,
    device: torch.device,
    needs: Mapping[str, BaseMethod] | None = None,
    scored_with: Mapping[str, Any] | None = None,
) -> BaseMethod:
    """The trained method that ``path`` describes, frozen, in eval mode, on ``device``.

    Its metadata holds method, hyper, shape and frame, from which the networks are built anew; ``scored_with`` are the values of
    the hyper-parameters that training does not read (``scored_with`` of its `Declares`), None for the method's own.
    Raises DataError if the file is missing, damaged, or does not fit the method as it is today.
    """
    tensors, meta = load(path)
    try:
        said = Described.of(meta, scored_with)

        def built() -> BaseMethod:
            return build(said.method, said.hyper, said.shape, needs, frame=said.frame)

        with torch.device("meta"):  # no memory for networks that a damaged description asks for
            wanted = built().state_dict()
        for what, names in misfits(tensors, wanted):
            if names:
                raise ValueError(f"the file {what}: {', '.join(names[:3])} ({len(names)} of {len(wanted)})")
        method = built()
        method.load_state_dict(tensors)
    except (SadmError, KeyError, TypeError, ValueError, RuntimeError) as error:
        what, why = (error.what, error.cause) if isinstance(error, SadmError) else (str(error), "")
        fix = "delete it, and train or convert again"
        cause = " ".join(" ".join([what, why]).split())
        raise DataError("Weights do not fit their method.", file=path, cause=cause, fix=fix) from error
    return method.requires_grad_(False).eval().placed(device)


def load_needs(paths: Sequence[str | Path], device: torch.device) -> dict[str, BaseMethod]:
    """Frozen methods by name, one a weights file. Raises DataError as `load_method`."""
    found = {}
    for path in paths:
        method = load_method(path, device)
        found[load(path)[1]["method"]] = method
    return found


def identity(**parts: Any) -> str:
    """Hash of all that a training's result depends on; a state of another identity is never resumed."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The tensors of an optimiser's state, as "parameter.name"."""
    state = optimiser.state_dict()["state"]
    return {f"{i}.{name}": value for i, entry in state.items() for name, value in entry.items()}


def restore_optimiser(
    optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor], groups: list[dict[str, Any]]
) -> None:
    """Bring ``optimiser`` to the saved state; the moments get their parameter's memory layout, as fused Adam expects."""
    params = [p for group in optimiser.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split(".")
        like = params[int(index)]
        same = torch.empty_like(like).copy_(value) if value.shape == like.shape and name != "step" else value
        state.setdefault(int(index), {})[name] = same.detach()
    tuples = [{k: tuple(v) if k == "betas" else v for k, v in group.items()} for group in groups]
    optimiser.load_state_dict({"state": state, "param_groups": tuples})


class States:
    """The last two resumable states of the training ``identity``, in ``folder``, each written in place of the older one."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.identity = identity
        self.paths = [folder / f"state{k}.safetensors" for k in (0, 1)]
        self.turn = 0

    def save(self, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
        """Write a state; ``meta`` has its step."""
        save(tensors, {**meta, "identity": self.identity}, self.paths[self.turn])
        self.turn = 1 - self.turn

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """The state of the highest step; None, with a message, if each is damaged or of another identity, or there is none."""
        usable = {k: found for k, path in enumerate(self.paths) if (found := self._read(path))}
        if not usable:
            return None
        newest = max(usable, key=lambda k: usable[k][1]["step"])
        self.turn = 1 - newest
        return usable[newest]

    def _read(self, path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        if not path.exists():
            return None
        try:
            found = load(path)
        except DataError as error:
            print(f"A state is not used.\n{error}", file=sys.stderr)
            return None
        if found[1].get("identity") != self.identity:
            print(
                f"{path} is of another training (code, data or hyper-parameters), not used.", file=sys.stderr
            )
            return None
        return found

    def clear(self) -> None:
        """Remove the states."""
        for path in self.paths:
            path.unlink(missing_ok=True)
