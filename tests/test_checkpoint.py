"""Weights and states: equal content is equal bytes, and no damaged or foreign file is ever used."""

from pathlib import Path

import pytest
import torch
from torch import nn

from sadm.checkpoint import (
    identity,
    load,
    load_method,
    load_state,
    optimiser_tensors,
    restore_optimiser,
    save,
)
from sadm.errors import DataError, MissingWeightsError
from sadm.methods.base import build

CPU = torch.device("cpu")
HYPER = {"channels": [8, 16], "epochs": 1}


def test_content_comes_back_and_equal_content_is_equal_bytes(tmp_path: Path) -> None:
    tensors = {
        "a": torch.rand(3, 4),
        "b": torch.arange(3),
        "c": torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last),
    }
    meta = {"z": 1.1, "a": [float("inf"), "é"]}
    save(tensors, meta, tmp_path / "one")
    save(dict(reversed(tensors.items())), dict(reversed(meta.items())), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    found, about = load(tmp_path / "one")
    assert about == meta
    assert all(torch.equal(found[k], v) for k, v in tensors.items())


def weights(path: Path) -> Path:
    method = build("unet", HYPER, (16, 16))
    save(method.state_dict(), {"method": "unet", "hyper": HYPER, "shape": [16, 16]}, path)
    return path


def test_a_loaded_method_is_frozen_and_the_same(tmp_path: Path) -> None:
    method = load_method(weights(tmp_path / "w.safetensors"), CPU)
    assert not method.training
    assert not any(p.requires_grad for p in method.parameters())
    fresh = build("unet", HYPER, (16, 16)).state_dict()
    assert all(torch.equal(v, fresh[k]) for k, v in method.state_dict().items())


@pytest.mark.parametrize(
    "damage", ["missing", "truncated", "garbage", "empty", "no metadata", "other sizes", "other method"]
)
def test_unusable_weights_are_named(tmp_path: Path, damage: str) -> None:
    path = weights(tmp_path / "w.safetensors")
    whole, (tensors, meta) = path.read_bytes(), load(path)
    if damage == "missing":
        path.unlink()
    elif damage in ("truncated", "garbage", "empty"):
        path.write_bytes(
            {"truncated": whole[: len(whole) // 2], "garbage": b"no weights" * 99, "empty": b""}[damage]
        )
    elif damage == "no metadata":
        save(tensors, {}, path)
    elif damage == "other sizes":
        save(tensors, meta | {"hyper": {"channels": [8, 32]}}, path)
    else:
        save(tensors, meta | {"method": "unet_res"}, path)
    with pytest.raises((DataError, MissingWeightsError), match=r"w\.safetensors"):
        load_method(path, CPU)


def test_a_restored_optimiser_takes_the_same_steps() -> None:
    def fresh() -> tuple[nn.Module, torch.optim.Optimizer]:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            net = nn.Sequential(nn.Conv2d(1, 5, 3), nn.Conv2d(5, 3, 3)).to(memory_format=torch.channels_last)
        return net, torch.optim.Adam(net.parameters(), 0.01, fused=True)

    def step(net: nn.Module, optimiser: torch.optim.Optimizer, seed: int) -> None:
        x = torch.rand(2, 1, 9, 9, generator=torch.Generator().manual_seed(seed))
        optimiser.zero_grad()
        net(x).square().mean().backward()
        optimiser.step()

    net, optimiser = fresh()
    for seed in range(4):
        step(net, optimiser, seed)
    other, again = fresh()
    other.load_state_dict(net.state_dict())
    saved = {k: v.clone().contiguous() for k, v in optimiser_tensors(optimiser).items()}
    restore_optimiser(again, saved, optimiser.state_dict()["param_groups"])
    for seed in range(4, 8):
        step(net, optimiser, seed)
        step(other, again, seed)
    for a, b in zip(net.parameters(), other.parameters()):
        assert torch.equal(a, b)


def test_a_state_is_used_only_by_the_training_that_wrote_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "state.safetensors"
    mine, other = identity(model="a", fold=0), identity(model="a", fold=1)
    assert mine != other
    assert load_state(path, mine) is None
    save({"x": torch.zeros(1)}, {"identity": mine}, path)
    assert load_state(path, mine) is not None
    assert load_state(path, other) is None
    assert "starts anew" in capsys.readouterr().err
    path.write_bytes(b"cut")
    assert load_state(path, mine) is None
    assert "starts anew" in capsys.readouterr().err
