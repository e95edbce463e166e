"""Where networks run and with which precision."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch

from sadm.runtime.errors import ConfigError
from sadm.runtime.gpus import own_gpu


def pick_device(name: str) -> torch.device:
    """The device for "auto" (cuda where there is one), "cpu" or "cuda", a GPU of this process's own (`sadm.runtime.gpus`).

    Raises ConfigError for cuda where there is none.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "training.device: there is no CUDA device here.", fix="use auto or cpu, or a machine with a GPU"
        )
    return torch.device("cuda", own_gpu()) if name == "cuda" else torch.device("cpu")


def autocast(device: torch.device, amp: bool) -> Callable[[], AbstractContextManager[Any]]:
    """A maker of contexts: bfloat16 autocast on CUDA if ``amp``, else full precision."""
    enabled = amp and device.type == "cuda"
    return lambda: torch.autocast(device.type, torch.bfloat16, enabled=enabled)
