"""Trained networks: weights of this project, and checkpoints that the authors released."""

from pathlib import Path
from typing import Any

import torch
from breaking import ODD, Draw, break_file, edited

from sadm.commands.import_checkpoint import SHAPE, convert
from sadm.commands.released_names import theirs
from sadm.methods.base import build
from sadm.runtime.errors import SadmError
from sadm.study import registry
from sadm.training.checkpoint import load_method, save

SMALL: dict[str, dict[str, Any]] = {
    "ae": {"channels": [4, 8], "latent": 4, "maps": 2}, "unet": {"channels": [4, 8]}, "ddpm": {"channels": [8, 8], "res_blocks": 1, "groups": 4, "head_channels": 8},
    "vae": {"channels": [4, 8], "latent": 4},
}  # fmt: skip


def weights(folder: Path, draw: Draw) -> str:
    """A weights file: its description, its tensors, or its bytes."""
    method = draw.choice(list(SMALL))
    state = dict(build(method, SMALL[method], (16, 16)).state_dict())
    meta: Any = {
        "method": method,
        "hyper": dict(SMALL[method]),
        "shape": [16, 16],
        "frame": "RAS",
        "model": method,
        "fold": 0,
        "seed": 1,
    }
    file, way = folder / "weights.safetensors", draw.random()
    if way < 0.4:
        meta = edited(meta, draw)
        if draw.random() < 0.4 and isinstance(meta, dict) and isinstance(meta.get("hyper"), dict):
            meta["hyper"][draw.choice(list(registry.settings("methods", method)))] = draw.choice(ODD)
    elif way < 0.75:
        key = draw.choice(list(state))
        value = state[key]
        state[key] = draw.choice([
            value.double() * 1e300, value.bool(), value.half(), value * float("nan"), value.flatten(), value.new_zeros(0), value.int(), -value.abs() - 1,
            value[None],
        ])  # fmt: skip
        if draw.random() < 0.2:
            del state[key]
    if not isinstance(meta, dict):
        meta = {"x": meta}
    save(state, meta, file)
    if way >= 0.75:
        break_file(file, draw)
    net = load_method(file, torch.device("cpu"), scored_with={})
    assert all(value.isfinite().all() for value in net.state_dict().values()), "weights that are not finite"
    return "loaded"


def checkpoint(folder: Path, draw: Draw) -> str:
    """A released checkpoint: its tensors, their names, or its bytes."""
    small = {
        "channels": [8, 8],
        "res_blocks": 1,
        "groups": 4,
        "head_channels": 8,
        "condition": 8,
        "encoder_layers": [1, 1, 1, 1],
        "encoder_width": 4,
    }
    net = build("cddpm", small | {"pretrained": False}, SHAPE)
    state: dict[Any, Any] = {theirs("cddpm", key): value for key, value in net.state_dict().items()}
    way, key = draw.random(), draw.choice(list(state))
    if way < 0.5:
        value = state.pop(key)
        state[draw.choice([key, key, key, 1, None, "", key + "x", ("a",)])] = draw.choice(
            [
                value.double() * 1e300,
                value.half(),
                value.flatten(),
                value * float("nan"),
                value.bool(),
                1,
                None,
                "x",
                [value],
                value.new_zeros(0),
            ]
        )
    whole = {"state_dict": state, "epoch": 1}
    torch.save(edited(whole, draw) if 0.5 <= way < 0.6 else whole, folder / "a.ckpt")
    if way >= 0.6:
        break_file(folder / "a.ckpt", draw)
    hyper = {"cddpm": small | ({draw.choice(list(small)): draw.choice(ODD)} if draw.random() < 0.1 else {})}
    out = folder / "models"
    try:
        (file,) = convert(folder / "a.ckpt", out, hyper)
    except SadmError:
        assert not [path for path in out.rglob("*") if path.is_file()], "half a conversion"
        raise
    assert load_method(file, torch.device("cpu"), scored_with={}), "no weights"
    return "converted"
