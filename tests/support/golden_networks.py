"""Weights, inputs and numbers of the authors' released networks (tests/golden/README.md)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

NUMBERS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "golden" / "networks.json").read_text())
PIXELS = ((0, 0), (5, 7), (40, 50), (95, 95), (63, 20))


def slices() -> Tensor:
    """Two analytic slices [2, 1, 96, 96] in [0, 1]."""
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    first = 0.5 + 0.5 * torch.sin(y / 7) * torch.cos(x / 11)
    return torch.stack([first, 1 - 0.7 * first.flip(1)])[:, None]


def noise() -> Tensor:
    """Analytic noise [2, 1, 96, 96]."""
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    return torch.cos(y / 3 + x / 5).expand(2, 1, 96, 96)


def weight(name: str, shape: Sequence[int], number: int) -> Tensor:
    """Tensor ``number`` of a module by the golden rule."""
    count = int(np.prod(shape))
    wave = torch.sin(0.37 * torch.arange(count, dtype=torch.float64) + 0.11 * number).view(shape)
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if name.endswith("running_var"):
        return (1 + 0.5 * wave.abs()).float()
    if name.endswith("running_mean"):
        return (0.1 * wave).float()
    if len(shape) >= 2:
        return (wave / (count / shape[0]) ** 0.5).float()
    return (1 + 0.1 * wave if name.endswith("weight") else 0.05 * wave).float()


def filled(module: nn.Module) -> nn.Module:
    """``module`` with the golden weights, for evaluation."""
    for number, (name, tensor) in enumerate(module.state_dict().items()):
        tensor.copy_(weight(name, tensor.shape, number))
    return module.eval()


def assert_golden(found: Tensor, name: str) -> None:
    """``found`` has the numbers that the released network has under ``name``."""
    wanted = NUMBERS[name]
    first = [found[0, 0][pixel] for pixel in PIXELS] if found.ndim == 4 else found[0, :5]
    assert list(found.shape) == wanted["shape"]
    assert [float(value) for value in first] == pytest.approx(wanted["first"], abs=1e-4)
    assert float(found.mean()) == pytest.approx(wanted["mean"], abs=1e-4)
    assert float(found.std()) == pytest.approx(wanted["std"], abs=1e-4)
