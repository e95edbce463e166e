"""What every file under methods/ must fulfil; a new method is tested by lying there."""

import random
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sadm.methods.base import BaseMethod, Batch, build, module
from sadm.prediction.score import Scoring
from sadm.runtime import kinds
from sadm.study import registry
from sadm.study.config import VALIDATOR
from sadm.training.checkpoint import load_method, save

SHAPE, DEPTH, COUNT = (32, 32), 6, 8
# Small values for any hyper-parameter of these names, and for those of one method.
TINY: dict[str, Any] = {
    "channels": (8, 16, 16), "res_blocks": 1, "groups": 4, "head_channels": 8, "width": 8, "latent": 16, "condition": 16,
    "encoder_layers": (1, 1, 1, 1), "encoder_width": 8, "batch": 8, "epochs": 2,
}  # fmt: skip
TINY_OF: dict[str, dict[str, Any]] = {
    "spark": {"decoder_width": 32},
    "fae": {"size": 64, "backbone_width": 8},
    "rd": {"size": 64, "backbone_width": 8, "backbone_layers": (1, 1, 1)},
    "draem_net": {"reconstructive": (8, 16, 16), "discriminative": (8, 16, 16)},
}

pytestmark = pytest.mark.parametrize("name", registry.names("methods"))


def hyper_of(name: str) -> dict[str, Any]:
    own = registry.declared("methods", name)[1]
    return own | {key: value for key, value in (TINY | TINY_OF.get(name, {})).items() if key in own}


def needed(name: str) -> list[str]:
    """All that a method can be built upon."""
    found = module(name)
    return [*found.NEEDS, *getattr(found, "NEEDS_IF", {}).values()]


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
    label = lesion.float() if module(name).TRAINS_ON == "labels" else None
    original, partner = image - 0.3 * lesion, image.flip(2) if method.pairs else None
    bare = Batch(image, label, brain, None, torch.Generator().manual_seed(1), original, partner)
    with torch.no_grad():
        return replace(bare, context=method.context(bare))


def mapped(method: BaseMethod, name: str, seed: int = 2) -> torch.Tensor:
    """The map of the volume, with reconstructions by the method itself or the one it needs."""
    image, brain, _ = volume()
    makers = [m for n, m in ((name, method), *method.needs.items()) if module(n).RECONSTRUCTS]
    with torch.no_grad():
        made = makers[0].eval().reconstruct(image, torch.Generator().manual_seed(seed)) if makers else None
        return method.eval().anomaly_map(image, brain, made)


def maps(name: str) -> bool:
    """Whether a method makes an anomaly map, or only prepares another method."""
    return bool(registry.constants(f"methods/{name}").get("MAPS", True))


def loss_of(method: BaseMethod, name: str) -> torch.Tensor:
    return method.train().loss(batch(method, name))


def test_declares_what_the_workflow_reads_without_importing_it(name: str) -> None:
    constants, hyper = registry.declared("methods", name)
    found = module(name)
    assert asdict(found.Hyper()) == hyper
    assert constants["NEEDS"] == found.NEEDS
    assert constants["TRAINS_ON"] == found.TRAINS_ON
    assert found.TRAINS_ON in ("healthy", "labels")
    assert constants["RECONSTRUCTS"] is found.RECONSTRUCTS
    assert all(said["description"] for said in registry.settings("methods", name).values())
    assert len(Path(found.__file__).read_text().splitlines()) <= 150  # type: ignore[arg-type]


def test_small_sizes_are_hyper_parameters_and_not_the_studys(name: str) -> None:
    small, settings = registry.constants(f"methods/{name}")["SMALL"], registry.settings("methods", name)
    assert not {"epochs", "slices", "bank"} & set(small), "those are the study's"
    for key, value in small.items():
        assert VALIDATOR(kinds.form(settings[key]["type"])).is_valid(value), key


def test_has_the_hyper_parameters_that_the_loop_reads(name: str) -> None:
    read = {"epochs", "lr", "schedule", "batch", "slices", "bank"}
    read |= {"augment_gamma", "augment_bias", "augment_blur", "augment_ghosting"}
    assert read <= set(registry.declared("methods", name)[1])


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
    if not maps(name):
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
    if not module(name).RECONSTRUCTS:
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
    assert torch.equal(made, other) != hasattr(method.hyper, "t_test")


def test_same_seed_gives_the_same_numbers(name: str) -> None:
    first, second = make(name, 5), make(name, 5)
    for (key, a), b in zip(first.state_dict().items(), second.state_dict().values()):
        assert torch.equal(a, b), key
    assert torch.equal(loss_of(first, name), loss_of(second, name))
    if maps(name):
        assert torch.equal(mapped(first, name), mapped(second, name))
    others = make(name, 6).state_dict().values()
    assert any(not torch.equal(a, b) for a, b in zip(first.state_dict().values(), others))


def test_what_only_scoring_reads_does_not_change_the_loss(name: str) -> None:
    apart = getattr(module(name), "SCORED_WITH", ())
    assert set(apart) <= set(hyper_of(name))
    needs = {need: make(need, 0).requires_grad_(False).eval() for need in needed(name)}
    for key in apart:
        other = build(name, hyper_of(name) | {key: hyper_of(name)[key][:1]}, SHAPE, needs, 0)
        assert torch.equal(loss_of(other, name), loss_of(make(name), name))


def test_saved_and_loaded_gives_the_same_map(name: str, tmp_path: Path) -> None:
    method = make(name)
    loss_of(method, name)  # moves the statistics of any batch normalisation
    path = tmp_path / "weights.safetensors"
    save(method.state_dict(), {"method": name, "hyper": asdict(method.hyper), "shape": list(SHAPE)}, path)
    loaded = load_method(path, torch.device("cpu"), method.needs)
    loaded.score = method.score
    if maps(name):
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
    if maps(name):
        mapped(method, name)
    assert states() == before
