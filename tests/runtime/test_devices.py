"""The device is the one asked for, and its precision."""

import pytest
import torch

from sadm.runtime.devices import autocast, pick_device
from sadm.runtime.errors import ConfigError


def test_the_device_is_the_one_asked_for_or_the_best_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == pick_device("cpu") == torch.device("cpu")
    with pytest.raises(ConfigError, match=r"training\.device"):
        pick_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("sadm.runtime.devices.own_gpu", lambda: 1)
    assert pick_device("auto") == torch.device("cuda", 1)
    assert pick_device("auto").type == pick_device("cuda").type == "cuda"
    assert pick_device("cpu").type == "cpu"


def test_the_cpu_computes_in_full_precision() -> None:
    with autocast(torch.device("cpu"), amp=True)():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
