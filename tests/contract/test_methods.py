"""Covers sadm.methods.*: what every file there must fulfil; a new method is tested by lying there."""

import random
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sadm.methods.base import BaseMethod, Batch, Training, build
from sadm.prediction.score import Scoring
from sadm.runtime import kinds
from sadm.runtime.errors import ConfigError
from sadm.study import registry
from sadm.study.config import VALIDATOR
from sadm.training.checkpoint import load_method, save

SHAPE, DEPTH, COUNT = (32, 40), 6, 8  # in-plane sizes that differ: no network may take one for the other
LOOP = {each.name for each in fields(Training)}
WIDE = 32  # widths of networks are powers of two from here on, or lists of numbers from here on

pytestmark = pytest.mark.parametrize("name", registry.names("methods"))


def small(value: Any) -> Any:
    """A hyper-parameter that makes a small network: three levels, one block a stage, an eighth of a width."""
    if isinstance(value, tuple) and value and all(type(each) is int for each in value):
        return (8, 16, 16)[: len(value)] if max(value) >= WIDE else (1,) * len(value)
    if type(value) is int and value >= WIDE and value.bit_count() == 1:
        return value // 8
    return value


@cache
def hyper_of(name: str) -> Mapping[str, Any]:
    """Hyper-parameters of a method for small slices; where the method refuses one, that one is its own."""
    own, said = registry.declared("methods", name)[1], registry.method(name)
    tiny = {key: value if key in LOOP | {*said.scored_with} else small(value) for key, value in own.items()}
    for tried in (tiny, *(tiny | {key: own[key]} for key in own)):
        try:
            build(name, tried, SHAPE)
        except ConfigError:
            continue
        return tried
    return own


def needed(name: str) -> list[str]:
    """All that a method can be built upon."""
    said = registry.method(name)
    return [*said.needs, *said.needs_if.values()]


def make(name: str, seed: int = 0) -> BaseMethod:
    needs = {need: make(need, seed).requires_grad_(False).eval() for need in needed(name)}
    method = build(name, hyper_of(name), SHAPE, needs, seed)
    method.score = Scoring(sigma=1.0, median=3)
    return method


def volume() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A smooth brain, its mask, and a bright lesion in it, each [D, X, Y]."""
    z, x, y = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in (DEPTH, *SHAPE)), indexing="ij")
    brain = z**2 / 4 + x**2 + y**2 < 0.7
    lesion = (x - 0.2) ** 2 + (y - 0.2) ** 2 < 0.06
    return (0.4 + 0.1 * torch.cos(5 * x) + 0.3 * lesion) * brain, brain, lesion & brain


def batch(method: BaseMethod, name: str) -> Batch:
    image, brain, lesion = (v[torch.arange(COUNT) % DEPTH][:, None] for v in volume())
    said = registry.method(name)
    label = lesion.float() if said.trains_on == "labels" else None
    original, partner = image - 0.3 * lesion, image.flip(2) if said.pairs else None
    bare = Batch(image, label, brain, None, torch.Generator().manual_seed(1), original, partner)
    with torch.no_grad():
        return replace(bare, context=method.context(bare))


def mapped(method: BaseMethod, name: str, seed: int = 2) -> torch.Tensor:
    """The map of the volume, with reconstructions by the method itself or the one it needs."""
    image, brain, _ = volume()
    makers = [m for m in (method, *method.needs.values()) if m.declares.reconstructs]
    with torch.no_grad():
        made = makers[0].eval().reconstruct(image, torch.Generator().manual_seed(seed)) if makers else None
        return method.eval().anomaly_map(image, brain, made)


def loss_of(method: BaseMethod, name: str) -> torch.Tensor:
    return method.train().loss(batch(method, name))


def test_declares_what_the_workflow_reads_without_importing_it(name: str) -> None:
    found = import_module(f"sadm.methods.{name}")
    assert registry.method(name) == found.DECLARES == build(name, hyper_of(name), SHAPE).declares
    assert asdict(found.Hyper()) == registry.declared("methods", name)[1]
    assert all(said["description"] for said in registry.settings("methods", name).values())
    assert len(Path(found.__file__).read_text().splitlines()) <= 150  # type: ignore[arg-type]


def test_small_sizes_are_hyper_parameters_and_not_the_studys(name: str) -> None:
    small, settings = (
        registry.constants(f"methods/{name}").get("SMALL", {}),
        registry.settings("methods", name),
    )
    assert not {"epochs", "slices", "bank"} & set(small), "those are the study's"
    for key, value in small.items():
        assert VALIDATOR(kinds.form(settings[key]["type"])).is_valid(value), key


def test_has_the_hyper_parameters_that_the_loop_reads(name: str) -> None:
    assert set(registry.declared("methods", name)[1]) >= LOOP


def test_loss_is_finite_and_differentiable(name: str) -> None:
    method = make(name)
    loss = loss_of(method, name)
    assert loss.shape == ()
    assert loss.isfinite()
    loss.backward()
    gradients = [p.grad for p in method.parameters() if p.requires_grad]
    assert all(g is not None and g.isfinite().all() for g in gradients)
    assert any(g.abs().max() > 0 for g in gradients if g is not None)
    assert all(p.grad is None for need in method.needs.values() for p in need.parameters())


def test_loss_survives_half_precision(name: str) -> None:
    """On CUDA the loop runs under bfloat16 autocast; the loss itself stays in float32."""
    full = loss_of(make(name), name)
    method = make(name)
    with torch.autocast("cpu", torch.bfloat16):
        half = loss_of(method, name)
    half.backward()
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(full.item(), rel=0.05)
    trained = [p for p in method.parameters() if p.requires_grad]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in trained)


def test_loss_falls_in_twenty_steps(name: str) -> None:
    method = make(name)
    optimiser = method.optimiser()
    for group in optimiser.param_groups:
        group["lr"] = 3e-3
    losses = []
    for _ in range(20):
        loss = loss_of(method, name)
        optimiser.zero_grad()
        loss.backward()
        method.limit_gradients()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-3:]) < 0.95 * np.mean(losses[:3])


def test_map_is_a_volume_above_zero_inside_the_brain_only(name: str) -> None:
    if not registry.method(name).maps:
        return
    image, brain, _ = volume()
    found = mapped(make(name), name)
    assert found.shape == image.shape
    assert found.dtype == torch.float32
    assert found.isfinite().all()
    assert (found >= 0).all()
    assert (found[~brain] == 0).all()
    assert (found[brain] > 0).any()


def test_reconstructions_are_volumes_and_only_diffusion_draws(name: str) -> None:
    if not registry.method(name).reconstructs:
        return
    method, image = make(name).eval(), volume()[0]
    # The last layer starts at zero, so an untrained network would hide its noise.
    with torch.no_grad():
        for parameter in method.parameters():
            parameter += 0.02 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(3))
        made = method.reconstruct(image, torch.Generator().manual_seed(0))
        other = method.reconstruct(image, torch.Generator().manual_seed(1))
    assert made.shape == (method.passes, *image.shape)
    assert made.isfinite().all()
    assert torch.equal(made, other) != bool(method.declares.passes)


def test_same_seed_gives_the_same_numbers(name: str) -> None:
    first, second = make(name, 5), make(name, 5)
    for (key, a), b in zip(first.state_dict().items(), second.state_dict().values()):
        assert torch.equal(a, b), key
    assert torch.equal(loss_of(first, name), loss_of(second, name))
    if registry.method(name).maps:
        assert torch.equal(mapped(first, name), mapped(second, name))
    others = make(name, 6).state_dict().values()
    assert any(not torch.equal(a, b) for a, b in zip(first.state_dict().values(), others))


def test_what_only_scoring_reads_does_not_change_the_loss(name: str) -> None:
    apart = registry.method(name).scored_with
    assert set(apart) <= set(hyper_of(name))
    needs = {need: make(need, 0).requires_grad_(False).eval() for need in needed(name)}
    for key in apart:
        other = build(name, hyper_of(name) | {key: hyper_of(name)[key][:1]}, SHAPE, needs, 0)
        assert torch.equal(loss_of(other, name), loss_of(make(name), name))


def test_saved_and_loaded_gives_the_same_map(name: str, tmp_path: Path) -> None:
    method = make(name).placed(
        torch.device("cpu")
    )  # as a loaded one lies in memory, on which rounding depends
    loss_of(method, name)  # moves the statistics of any batch normalisation
    path = tmp_path / "weights.safetensors"
    about = {"method": name, "hyper": asdict(method.hyper), "shape": list(SHAPE), "frame": "RAS"}
    save(method.state_dict(), about, path)
    loaded = load_method(path, torch.device("cpu"), method.needs)
    loaded.score = method.score
    if registry.method(name).maps:
        torch.testing.assert_close(mapped(loaded, name), mapped(method, name), rtol=1e-5, atol=1e-6)
    for key, value in method.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value), key


def test_frozen_methods_are_neither_saved_nor_trained(name: str) -> None:
    method = make(name)
    own = {id(p) for p in method.parameters()}
    assert not own & {id(p) for need in method.needs.values() for p in need.parameters()}
    method.train()
    assert not any(need.training for need in method.needs.values())


def test_global_random_state_is_not_touched(name: str) -> None:
    def states() -> list[bytes]:
        return [
            torch.get_rng_state().numpy().tobytes(),
            np.random.get_state()[1].tobytes(),  # noqa: NPY002
            repr(random.getstate()).encode(),
        ]

    before = states()
    method = make(name)
    loss_of(method, name).backward()
    if registry.method(name).maps:
        mapped(method, name)
    assert states() == before
