"""Weights and inputs that the golden numbers were made with (tests/golden/README.md)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn


@pytest.fixture(scope="session")
def numbers(golden: Path) -> dict[str, Any]:
    """Golden numbers of the networks."""
    return json.loads((golden / "networks.json").read_text())


@pytest.fixture(scope="session")
def filled() -> Callable[[nn.Module], nn.Module]:
    """Function that fills a module by the golden rule and puts it in eval mode."""

    def value(name: str, old: Tensor, number: int) -> Tensor:
        wave = torch.sin(0.37 * torch.arange(old.numel(), dtype=torch.float64) + 0.11 * number).view(
            old.shape
        )
        if name.endswith("running_var"):
            return 1 + 0.5 * wave.abs()
        if name.endswith("running_mean"):
            return 0.1 * wave
        if old.ndim >= 2:
            return wave / old[0].numel() ** 0.5
        return 1 + 0.1 * wave if name.endswith("weight") else 0.05 * wave

    def fill(module: nn.Module) -> nn.Module:
        for number, (name, tensor) in enumerate(module.state_dict().items()):
            if tensor.is_floating_point():
                tensor.copy_(value(name, tensor, number))
        return module.eval()

    return fill


@pytest.fixture(scope="session")
def slices() -> Tensor:
    """Two analytic slices [2, 1, 96, 96] in [0, 1]."""
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    first = 0.5 + 0.5 * torch.sin(y / 7) * torch.cos(x / 11)
    return torch.stack([first, 1 - 0.7 * first.flip(1)])[:, None]


@pytest.fixture(scope="session")
def noise() -> Tensor:
    """Analytic noise [2, 1, 96, 96]."""
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    return torch.cos(y / 3 + x / 5).expand(2, 1, 96, 96)
