"""What does not fit stops before the DAG, and what the checks let through runs."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from sadm.anomalies.textures import RELEASED_AUGMENTERS
from sadm.methods.base import build
from sadm.runtime.errors import ConfigError
from sadm.study import fits
from sadm.study.study import Study

ROOT = Path(__file__).resolve().parents[2]


def demo(where: str, value: Any) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text())
    *path, last = where.split(".")
    at = config
    for part in path:
        at = at.setdefault(part, {})
    at[last] = value
    return config


@pytest.mark.parametrize(
    ("where", "value", "says"),
    [
        ("hyper.ddpm.channels", [17, 32, 32], r"hyper\.ddpm: .*multiples of the 8 groups"),
        ("hyper.ddpm.head_channels", 20, r"hyper\.ddpm: .*20 head channels"),
        ("hyper.ddpm.t_test", [250, 1001], "there is no step 1001.*use 1 to 1000"),
        ("hyper.ddpm.timesteps", 500, "there is no step 750"),
        ("hyper.pddpm.grid", 5, "5x5 patches do not tile.*40x48"),
        ("hyper.ae.channels", [8] * 5, r"hyper\.ae: .*40x48 pixels do not fit.*multiples of 32"),
        ("hyper.unet@draem.channels", [8] * 6, r"hyper\.unet@draem: .*multiples of 32, and at least 64"),
        ("hyper.pii.channels", [8], "PII's network cannot be that shallow"),
        ("hyper.draem_net.discriminative", [8] * 6, "40x48 pixels do not fit"),
        ("hyper.fae.size", 72, r"hyper\.fae: size 72 does not fit.*a multiple of 64"),
        ("hyper.rd.size", 48, r"hyper\.rd: size 48 does not fit.*a multiple of 32"),
        ("hyper.spark.decoder_width", 100, "decoder_width: 100 does not fit"),
        ("imagenet.weights", "fetch", r"hyper\.(fae|rd)\.backbone_.* does not fit"),
        ("draem.max_scale", 7, "max_scale is too fine.*use at most 6"),
        ("draem.per_image", 8, "too few, or one twice"),
        ("draem.augmenters", ["sparkle"], "'sparkle' is not possible"),
        ("draem.augmenters", ["brightnes"], "did you mean 'brightness'"),
        ("draem.blend", [1, 0.2], r"draem\.blend: 1 is above 0\.2"),
        ("draem.threshold", [0.5, 0.2], r"draem\.threshold: 0\.5 is above"),
        ("quality.brain_ml", [500, 1900, 900, 2500], r"quality\.brain_ml: 1900 is above 900"),
        ("quality.overlap", [0.9, 0.8], r"quality\.overlap: 0.9 is above 0.8"),
        ("hyper.vae.reduction", "summ", "'summ' is not possible.*did you mean 'sum'"),
        ("hyper.ae.schedule", "cosine", "'cosine' is not possible.*did you mean"),
        ("registration.iterations", [0, 0], "has no number above 0"),
        ("bias.iterations", [0], "has no number above 0"),
        ("bias.shrink", 16, "too coarse.*use at most 10"),
        ("grid.spacing", 0.5, "no grid for a head.*40 mm long"),
        ("grid.downsample", 16, "grid.crop|too coarse for the networks"),
        ("splits.val", 2.5, "neither a whole number nor a share"),
        ("splits", {"test": 0.5, "val": 0.5, "train": None}, "splits: more than all subjects"),
        ("datasets.tumour.annotated_val", 0, r"tumour\.annotated_val: none would train or validate"),
    ],
)  # fmt: skip
def test_what_does_not_fit_stops_before_the_dag(where: str, value: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){says}"):
        Study.from_config(demo(where, value))


def test_no_row_trains_on_a_set_without_annotated_subjects() -> None:
    config = demo("datasets.tumour.annotated", 0) | {
        "rows": {"Unet": "unet@tumour"},
        "figures": [],
        "hyper": {},
    }
    with pytest.raises(ConfigError, match=r"rows\.Unet: no subject of 'tumour' is annotated"):
        Study.from_config(config)


@pytest.mark.parametrize("name", ["thresholds", "pooled", "healthy"])
def test_no_test_set_is_named_like_a_table_of_scores(name: str) -> None:
    config = demo("testsets", [name, "stroke"])
    config["datasets"] = {
        name if key == "tumour" else {"healthy": "well"}.get(key, key): said
        for key, said in config["datasets"].items()
    }
    config |= {"healthy": "well", "rows": {"AE": "ae"}, "figures": []}
    config["hyper"] = {key: said for key, said in config["hyper"].items() if "@" not in key}
    with pytest.raises(ConfigError, match=f"testsets: the name '{name}' is taken"):
        Study.from_config(config)


def test_augmenters_are_those_that_textures_are_made_by() -> None:
    assert set(fits.AUGMENTERS) == set(RELEASED_AUGMENTERS)


SMALL = {"dropout": 0.0, "res_blocks": 1, "groups": 2, "head_channels": 2, "timesteps": 4, "t_test": (2,), "backbone_width": 2,
         "maps": 2, "latent": 2, "condition": 2, "encoder_width": 2, "encoder_layers": (1, 1), "decoder_width": 8}  # fmt: skip
LEVELS = [tuple([4] * count) for count in range(1, 6)]


def accepted(check: str, shape: tuple[int, int], *values: Any) -> bool:
    try:
        getattr(fits, check)(shape, *values)
    except ConfigError:
        return False
    return True


@pytest.mark.parametrize(("size", "channels"), product((16, 24), LEVELS))
@pytest.mark.parametrize(("name", "net", "check"), [("unet", "net", "seg_unet"), ("pii", "net", "wide_resnet"),
                                                    ("ae", "", "autoencoder"), ("draem_net", "reconstructive", "draem_unets")])  # fmt: skip
def test_what_is_accepted_runs(name: str, net: str, check: str, size: int, channels: tuple[int, ...]) -> None:
    shape = size, size
    if not accepted(check, shape, channels):
        return
    keys = ("reconstructive", "discriminative") if name == "draem_net" else ("channels",)
    hyper = dict.fromkeys(keys, channels) | {k: v for k, v in SMALL.items() if name == "ae" and k in ("maps", "latent", "dropout")}  # fmt: skip
    method = build(name, hyper, shape)
    image = torch.zeros(2, 1, *shape)
    if name == "ae":
        made = method.net.decode(method.net.encode(image)[0])
    elif name == "draem_net":
        made = method.logit(method.reconstructive(image), image)
    else:
        made = method.net(image)
    assert made.shape == image.shape
