"""A training as the rule runs it: equal bytes on a second run and after a kill, what its files say of it."""

import csv
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sadm.networks.imagenet import extractor
from sadm.runtime.devices import autocast
from sadm.runtime.errors import SplitError
from sadm.training import checkpoint
from sadm.training import train as jobs
from sadm.training import trainer as training

D, SHAPE, SCANS = 6, (16, 16), [f"sub-{i}" for i in range(7)]
SETS = ["train"] * 4 + ["val"] * 2 + ["test"]
SETTINGS = {"amp": True, "validate_every": 1, "validation_slices": 2}
DRAEM = {"threshold": [0.1, 0.3], "max_scale": 2}
HYPER: dict[str, dict[str, Any]] = {
    "cddpm": {"channels": [8, 8, 16], "res_blocks": 1, "groups": 4, "head_channels": 8, "condition": 8, "encoder_layers": [1, 1, 1, 1],
              "encoder_width": 4, "epochs": 3, "batch": 4, "slices": 2, "schedule": "onecycle", "lr": 1e-3},
    "unet": {"channels": [8, 16], "epochs": 4, "batch": 3, "slices": 1, "schedule": "linear", "lr": 1e-2},
    "unet_res": {"channels": [8, 16], "epochs": 4, "batch": 4, "slices": 2, "lr": 1e-2},
    "fae": {"size": 32, "backbone_width": 8, "channels": [8, 8], "adapt_statistics": False, "epochs": 2, "batch": 4},
}  # fmt: skip


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed data set of small smooth brains with lesions, and its splits."""
    folder = tmp_path_factory.mktemp("case")
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    brain = np.broadcast_to(x**2 + y**2 < 0.8, (len(SCANS), D, *SHAPE)).astype(np.uint8)
    centres = rng.uniform(-0.4, 0.4, (2, len(SCANS), D, 1, 1))
    lesion = ((x - centres[0]) ** 2 + (y - centres[1]) ** 2 < 0.1).astype(np.uint8) * brain
    t1 = (0.4 + 0.1 * np.cos(4 * x) + 0.3 * lesion + 0.02 * rng.random(brain.shape)) * brain
    np.save(folder / "t1.npy", t1.astype(np.float16))
    np.save(folder / "brain.npy", brain)
    np.save(folder / "lesion.npy", lesion)
    (folder / "scans.tsv").write_text("\n".join(["scan", *SCANS]) + "\n")
    rows = [f"x\t{scan}\t{scan}\t{fold}\t{part}" for fold in (0, 1) for scan, part in zip(SCANS, SETS)]
    (folder / "splits.tsv").write_text("\n".join(["dataset\tscan\tsubject\tfold\tset", *rows]) + "\n")
    return folder


@pytest.fixture(scope="module")
def train(case: Path) -> Callable[..., Path]:
    """Train a tiny model into a folder; gives the path of its weights."""

    def run(folder: Path, model: str, needs: list[Path] | None = None, **changes: Any) -> Path:
        method, _, kind = model.partition("-")
        options: dict[str, Any] = {
            "model": model, "method": method, "fold": 0, "packed": case, "splits": case / "splits.tsv", "needs": needs or [],
            "hyper": HYPER[method], "number": 1, "draem": DRAEM if kind == "draem" else None, "spacing": 2.0, "settings": SETTINGS, "seed": 1,
            "device": "cpu", "checkpoint_every": 1,
            "code": "c", "weights": folder / "weights.safetensors", "curve": folder / "curve.csv",
        }  # fmt: skip
        hyper = options["hyper"] | changes.pop("hyper", {})
        jobs.train(**(options | changes | {"hyper": hyper}))
        return folder / "weights.safetensors"

    return run


@pytest.fixture(scope="module")
def stage_one(train: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("stage_one"), "cddpm")


MODELS = [
    ("cddpm", {}, 1),
    ("unet-draem", {}, 3),
    ("unet-real", {}, 1),
    ("unet_res-draem", {"bank": 10}, 3),
    ("unet_res-real", {}, 3),
]


@pytest.mark.parametrize(("model", "hyper", "validate_every"), MODELS)
def test_a_second_run_and_a_resumed_one_give_the_same_bytes(
    train: Callable[..., Path],
    stage_one: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    hyper: dict[str, Any],
    validate_every: int,
) -> None:
    needs = [stage_one] if model.startswith("unet_res") else []
    options = {"hyper": hyper, "settings": SETTINGS | {"validate_every": validate_every}}
    first = train(tmp_path / "first", model, needs, **options)
    assert train(tmp_path / "second", model, needs, **options).read_bytes() == first.read_bytes()

    whole_pass, passes = training.Trainer._pass, []

    def killed(self: training.Trainer, progress: Any) -> None:
        if len(passes) == 2:
            raise KeyboardInterrupt
        passes.append(1)
        whole_pass(self, progress)

    with monkeypatch.context() as patch:
        patch.setattr(training.Trainer, "_pass", killed)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / "third", model, needs, **options)
    assert (tmp_path / "third/state0.safetensors").exists()
    assert (tmp_path / "third/state1.safetensors").exists()
    assert not (tmp_path / "third/weights.safetensors").exists()
    assert train(tmp_path / "third", model, needs, **options).read_bytes() == first.read_bytes()
    assert (tmp_path / "third/curve.csv").read_bytes() == (tmp_path / "first/curve.csv").read_bytes()
    assert sorted(p.name for p in (tmp_path / "third").iterdir()) == ["curve.csv", "weights.safetensors"]


def test_a_method_in_float32_is_trained_in_float32(
    train: Callable[..., Path], stage_one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever training.amp says; the reconstructions of a frozen stage I are made in its own precision."""
    asked: list[bool] = []
    monkeypatch.setattr(jobs, "autocast", lambda place, amp: (asked.append(amp), autocast(place, amp))[1])
    train(tmp_path / "half", "unet-real")
    train(tmp_path / "full", "unet-real", hyper={"amp": False})
    train(tmp_path / "never", "unet-real", settings=SETTINGS | {"amp": False})
    assert asked == [True, True, False, True, False, False]
    stage = train(tmp_path / "stage", "cddpm", hyper={"amp": False})
    asked.clear()
    train(tmp_path / "mixed", "unet_res-real", [stage])
    assert asked == [True, False], "own, then that of what it needs"


def test_how_often_states_are_saved_changes_nothing(train: Callable[..., Path], tmp_path: Path) -> None:
    first = train(tmp_path / "first", "unet-draem")
    assert train(tmp_path / "rarely", "unet-draem", checkpoint_every=3).read_bytes() == first.read_bytes()


def test_what_only_scoring_reads_is_not_in_the_weights(train: Callable[..., Path], tmp_path: Path) -> None:
    first = train(tmp_path / "first", "cddpm")
    other = train(tmp_path / "other", "cddpm", hyper={"t_test": [3]})
    assert first.read_bytes() == other.read_bytes()


def test_sigterm_saves_and_a_second_start_goes_on_to_the_same_bytes(
    train: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = train(tmp_path / "whole", "unet-draem")
    whole_pass = training.Trainer._pass

    def signalled(self: training.Trainer, progress: Any) -> None:
        if self.epoch == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        whole_pass(self, progress)

    with monkeypatch.context() as patch:
        patch.setattr(training.Trainer, "_pass", signalled)
        with pytest.raises(SystemExit) as left:
            train(tmp_path / "cut", "unet-draem", checkpoint_every=99)
    assert left.value.code == 143
    assert "saved after epoch 2" in capsys.readouterr().err
    assert train(tmp_path / "cut", "unet-draem").read_bytes() == whole.read_bytes()
    assert "Resumed after epoch 2 of 4" in capsys.readouterr().err
    assert (tmp_path / "cut/curve.csv").read_bytes() == (tmp_path / "whole/curve.csv").read_bytes()


def test_a_damaged_newest_state_leaves_the_one_before(
    train: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = train(tmp_path / "whole", "unet-draem")
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "write_curve", lambda *_: stop({"epoch": 2}))
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / "cut", "unet-draem")
    states = {checkpoint.load(path)[1]["epoch"]: path for path in (tmp_path / "cut").glob("state*")}
    assert sorted(states) == [2, 3]
    states[3].write_bytes(states[3].read_bytes()[:-9])
    capsys.readouterr()
    assert train(tmp_path / "cut", "unet-draem").read_bytes() == whole.read_bytes()
    assert "Resumed after epoch 2 of 4" in capsys.readouterr().err


def test_a_state_of_another_seed_is_not_resumed(
    train: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clean = train(tmp_path / "clean", "unet-draem", seed=2)
    with monkeypatch.context() as patch:
        patch.setattr(
            checkpoint,
            "save",
            lambda tensors, meta, path, real=checkpoint.save: real(tensors, meta, path) or stop(meta),
        )
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / "other", "unet-draem", seed=1)
    assert train(tmp_path / "other", "unet-draem", seed=2).read_bytes() == clean.read_bytes()
    assert "of another training" in capsys.readouterr().err
    assert clean.read_bytes() != train(tmp_path / "one", "unet-draem", seed=1).read_bytes()


def stop(meta: dict[str, Any]) -> None:
    if meta.get("epoch") == 2:
        raise KeyboardInterrupt


def test_weights_and_curve_name_their_run(train: Callable[..., Path], tmp_path: Path) -> None:
    first = train(tmp_path / "first", "unet-draem")
    other = train(tmp_path / "other", "unet-draem", fold=1, number=2, seed=9)
    for path, fold, number in ((first, 0, 1), (other, 1, 2)):
        meta = checkpoint.load(path)[1]
        assert (meta["model"], meta["fold"], meta["seed"]) == ("unet-draem", fold, number)
        rows = list(csv.DictReader(path.with_name("curve.csv").read_text().splitlines()))
        assert list(rows[0])[:3] == ["model", "fold", "seed"]
        assert {(row["model"], row["fold"], row["seed"]) for row in rows} == {
            ("unet-draem", str(fold), str(number))
        }


def test_the_curve_counts_epochs_and_steps(train: Callable[..., Path], tmp_path: Path) -> None:
    train(tmp_path, "unet-real", settings=SETTINGS | {"validate_every": 3})
    rows = list(csv.DictReader((tmp_path / "curve.csv").read_text().splitlines()))
    assert [(row["epoch"], row["step"]) for row in rows] == [("3", "6"), ("4", "8")], (
        "4 annotated volumes in batches of 3"
    )
    train(tmp_path, "unet-draem")
    rows = list(csv.DictReader((tmp_path / "curve.csv").read_text().splitlines()))
    assert [row["step"] for row in rows] == ["1", "2", "3", "4"], (
        "healthy volumes: the incomplete batch is dropped"
    )
    rates = [float(row["lr"]) for row in rows]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 0.01


def test_an_empty_part_is_named(train: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(SplitError, match="train part of fold 7 for unet-real"):
        train(tmp_path, "unet-real", fold=7)


def test_imagenet_weights_are_taken_over_and_saved_with_the_model(
    train: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(3)
    given, file = extractor("resnet18", 8).state_dict(), tmp_path / "imagenet.safetensors"
    checkpoint.save(given, {"source": "imagenet"}, file)
    tensors, _ = checkpoint.load(train(tmp_path / "with", "fae", imagenet=file))
    assert all(torch.equal(tensors[f"extractor.{name}"], value) for name, value in given.items())
    assert "random features" not in capsys.readouterr().err
    other, _ = checkpoint.load(train(tmp_path / "without", "fae"))
    assert not torch.equal(tensors["extractor.conv1.weight"], other["extractor.conv1.weight"])
    assert "fae: random features, no ImageNet weights" in capsys.readouterr().err
    again, _ = checkpoint.load(train(tmp_path / "again", "fae"))
    assert all(torch.equal(again[name], value) for name, value in other.items())


def test_a_state_of_other_imagenet_weights_is_not_resumed(
    train: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(training.Trainer, "fit", lambda self, states, every: seen.append(states.identity))
    for seed in (1, 2):
        torch.manual_seed(seed)
        checkpoint.save(extractor("resnet18", 8).state_dict(), {}, tmp_path / f"{seed}.safetensors")
    for file in ("1.safetensors", "2.safetensors", None, "1.safetensors"):
        train(tmp_path / "out", "fae", imagenet=file and tmp_path / file)
    assert len(set(seen)) == 3
    assert seen[0] == seen[3]


@pytest.mark.parametrize(
    ("model", "slices"),
    [("unet-real", 2 * D), ("unet-draem", 2 * 3), ("cddpm", 2 * 3), ("unet_res-real", 2 * D)],
)
def test_annotated_volumes_validate_with_all_slices(
    train: Callable[..., Path],
    stage_one: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    slices: int,
) -> None:
    """Two volumes validate: all of their slices where they are patients', three of each where they are healthy."""
    seen: list[list[int]] = []
    plain = training.Trainer.validation_loss

    def watched(self: training.Trainer) -> float:
        seen.append([len(batch) for batch in self.validation])
        return plain(self)

    monkeypatch.setattr(training.Trainer, "validation_loss", watched)
    needs = [stage_one] if model.startswith("unet_res") else []
    train(tmp_path, model, needs, settings=SETTINGS | {"validation_slices": 3})
    assert {sum(sizes) for sizes in seen} == {slices}
