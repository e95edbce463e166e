"""Weights and states: equal content is equal bytes, and no damaged or foreign file is ever used."""

from pathlib import Path

import pytest
import torch
from torch import nn

from sadm.methods.base import build
from sadm.runtime.errors import DataError, MissingWeightsError
from sadm.training.checkpoint import (
    States,
    identity,
    load,
    load_method,
    optimiser_tensors,
    restore_optimiser,
    save,
)

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
    save(method.state_dict(), {"method": "unet", "hyper": HYPER, "shape": [16, 16], "frame": "RAS"}, path)
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
    mine, other = identity(model="a", fold=0), identity(model="a", fold=1)
    assert mine != other
    assert States(tmp_path, mine).load() is None
    States(tmp_path, mine).save({"x": torch.zeros(1)}, {"step": 1})
    assert States(tmp_path, mine).load() is not None
    assert States(tmp_path, other).load() is None
    assert "of another training" in capsys.readouterr().err


def test_states_are_written_in_turn_and_the_newest_whole_one_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    states = States(tmp_path, "me")
    for step in (1, 2, 3):
        states.save({"x": torch.full((2,), step)}, {"step": step})
    assert sorted(load(path)[1]["step"] for path in states.paths) == [2, 3]
    again = States(tmp_path, "me")
    found = again.load()
    assert found is not None
    assert found[1]["step"] == 3
    again.save({"x": torch.full((2,), 4)}, {"step": 4})
    assert sorted(load(path)[1]["step"] for path in states.paths) == [3, 4], "the older one was replaced"
    newest = max(states.paths, key=lambda path: load(path)[1]["step"])
    newest.write_bytes(newest.read_bytes()[:-3])
    left = States(tmp_path, "me").load()
    assert left is not None
    assert left[1]["step"] == 3
    assert "not used" in capsys.readouterr().err
    states.clear()
    assert not list(tmp_path.iterdir())
