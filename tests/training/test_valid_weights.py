"""Weights are those of a network that may be, wherever they are opened: kinds of hyper-parameters, types, finite values."""

import time
from pathlib import Path
from typing import Any

import pytest
import torch

from sadm.methods.base import build
from sadm.runtime.errors import DataError
from sadm.training.checkpoint import load_method, load_needs, save
from sadm.training.valid_weights import as_real, misfits

CPU = torch.device("cpu")
HYPER: dict[str, Any] = {"channels": [4, 8], "latent": 4, "maps": 2}
META: dict[str, Any] = {"method": "ae", "hyper": HYPER, "shape": [16, 16], "frame": "RAS"}


def written(folder: Path, meta: dict[str, Any], change: Any = None) -> Path:
    state = dict(build("ae", HYPER, (16, 16)).state_dict())
    if change:
        state = {name: change(name, value) for name, value in state.items()}
    save(state, meta, folder / "w.safetensors")
    return folder / "w.safetensors"


def test_sound_weights_are_taken(tmp_path: Path) -> None:
    assert load_method(written(tmp_path, META), CPU).passes == 1
    assert list(load_needs([written(tmp_path, META)], CPU)) == ["ae"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"hyper": HYPER | {"channels": []}}, "channels has 0 values"),
        ({"hyper": HYPER | {"channels": [4, 0]}}, "channels"),
        ({"hyper": HYPER | {"channels": [4, 10**9]}}, "channels"),
        ({"hyper": HYPER | {"channels": "48"}}, "channels is no list"),
        ({"hyper": HYPER | {"latent": True}}, "latent is no integer"),
        ({"hyper": HYPER | {"latent": 0.5}}, "latent is no integer"),
        ({"hyper": HYPER | {"maps": 0}}, "maps"),
        ({"hyper": HYPER | {"lr": float("nan")}}, "lr"),
        ({"hyper": HYPER | {"schedule": "x"}}, "schedule is none of"),
        ({"hyper": HYPER | {"unknown": 1}}, "no hyper-parameter 'unknown'"),
        ({"hyper": [1]}, "another kind"),
        ({"method": "ddpm", "hyper": {"res_blocks": 10**7}}, "res_blocks"),
        ({"method": "ddpm", "hyper": {"groups": 0}}, "groups"),
        ({"method": "nothing"}, "no method"),
        ({"method": ["ae"]}, "another kind"),
        ({"shape": [16]}, "shape"),
        ({"shape": [16, 10**6]}, "shape"),
        ({"shape": [16, 18]}, "do not fit"),
        ({"shape": "1616"}, "shape is no list"),
        ({"frame": "XYZ"}, "no frame"),
    ],
)
def test_a_description_that_cannot_be_is_refused_at_once(tmp_path: Path, changed: Any, said: str) -> None:
    start = time.process_time()
    with pytest.raises(DataError, match=said) as caught:
        load_method(written(tmp_path, META | changed), CPU)
    assert "w.safetensors" in str(caught.value)
    assert "train or convert again" in str(caught.value)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("lacking", META)
def test_a_description_that_lacks_something_is_refused(tmp_path: Path, lacking: str) -> None:
    with pytest.raises(DataError, match=f"do not tell their {lacking}"):
        load_method(written(tmp_path, {k: v for k, v in META.items() if k != lacking}), CPU)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda n, v: v.double() * 1e300, "another shape or type"),
        (lambda n, v: v.bool(), "another shape or type"),
        (lambda n, v: v.half() if v.is_floating_point() else v, "another shape or type"),
        (lambda n, v: v * torch.nan if v.is_floating_point() else v, "not finite"),
        (lambda n, v: v / 0 if n.endswith("weight") else v, "not finite"),
        (lambda n, v: v.flatten(), "another shape or type"),
    ],
)
def test_tensors_that_are_no_weights_are_refused(tmp_path: Path, change: Any, said: str) -> None:
    path = written(tmp_path, META, change)
    with pytest.raises(DataError, match=said):
        load_method(path, CPU)


def test_what_is_converted_is_looked_at_after_the_cast() -> None:
    assert not as_real(torch.tensor([1e300], dtype=torch.float64), torch.float32).isfinite().all()
    assert as_real(torch.tensor([1]), torch.float32).dtype == torch.int64


def test_variances_below_0_are_refused() -> None:
    wanted = {"bn.running_var": torch.ones(2, device="meta")}
    said = dict(misfits({"bn.running_var": torch.tensor([1.0, -1.0])}, wanted))
    assert said["has variances below 0"] == ["bn.running_var"]
