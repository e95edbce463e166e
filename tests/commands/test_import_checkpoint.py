"""Covers sadm.commands.import_checkpoint, sadm.commands.released_names, sadm.commands.lightning: released checkpoints are converted by name and shape, read without running anything, and they give the released numbers."""

import importlib
import json
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from golden_networks import assert_golden, noise, slices, weight
from scipy.ndimage import gaussian_filter, median_filter
from torch import Tensor

from sadm.anomalies.simplex import SimplexNoise, permutation
from sadm.commands.import_checkpoint import STUDY, convert, hyper_of
from sadm.commands.main import main
from sadm.commands.released_names import bare
from sadm.methods.base import Batch, build
from sadm.networks.diffusion import Diffusion
from sadm.prediction.score import Scoring, fuse
from sadm.runtime.errors import ConfigError, DataError
from sadm.study import registry
from sadm.training.checkpoint import load, load_method
from sadm.training.checkpoint import save as save_weights

CPU = torch.device("cpu")
SECTIONS = {
    "encoder": "encoder.",
    "U-Net": "diffusion.model.",
    "diffusion buffers": "diffusion.",
    "SegUnet": "SegUnet.",
}
TINY: dict[str, dict[str, Any]] = {
    "cddpm": {"channels": [8, 8, 16], "res_blocks": 1, "groups": 4, "head_channels": 8, "condition": 8, "encoder_layers": [1, 1, 1, 1],
              "encoder_width": 4},
    "unet_res": {"channels": [8, 16]},
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


# ---- released checkpoints, made here


def released_tensors(golden: Path) -> dict[str, Tensor]:
    """Every tensor of a SADM checkpoint, from the list of the released names alone."""
    found, schedule = OrderedDict(), Diffusion().state_dict()
    for part in (golden / "state_dict_keys.txt").read_text().split("# ")[1:]:
        title, *lines = part.splitlines()
        section = title.partition(" (")[0]
        for line in filter(str.strip, lines):
            number, name, shape = line.split(" ", 2)
            made = schedule.get(name) if section == "diffusion buffers" else None
            found[SECTIONS[section] + name] = (
                weight(name, json.loads(shape), int(number)) if made is None else made
            )
    return found


def tiny_tensors(segments: bool = True) -> dict[str, Tensor]:
    """A small checkpoint under the released names."""
    state = build("cddpm", TINY["cddpm"] | {"pretrained": False}, (96, 96)).state_dict()
    names = {"unet.": "diffusion.model.", "encoder.": "encoder.encoder.", "diffusion.": "diffusion."}
    found = OrderedDict((names[k[: k.index(".") + 1]] + k.partition(".")[2], v) for k, v in state.items())
    if segments:
        state = build("unet_res", TINY["unet_res"], (96, 96)).state_dict()
        found |= {"SegUnet." + name.removeprefix("net."): v for name, v in state.items()}
    return found


def save(tensors: dict[str, Any], path: Path, **entries: Any) -> Path:
    """A Lightning checkpoint of ``tensors``, with a configuration of classes that are gone when it is read.

    The configuration is a mapping with state, as OmegaConf's, a class is a key, as Lightning's callbacks were, and the
    state dict has the attribute that PyTorch gives it.
    """
    foreign = types.ModuleType("gone")
    for name, base in (("Config", dict), ("Node", object), ("Callback", object)):
        setattr(foreign, name, type(name, (base,), {"__module__": "gone"}))
    config = foreign.Config(lr=1e-4)  # type: ignore[attr-defined]
    config.node = foreign.Node()  # type: ignore[attr-defined]
    config.node.kind = Any
    stated: OrderedDict[str, Any] = OrderedDict(tensors)
    stated._metadata = OrderedDict({"": {"version": 1}})  # type: ignore[attr-defined]
    sys.modules["gone"] = foreign
    try:
        whole = {
            "epoch": 1199,
            "pytorch-lightning_version": "1.5.1",
            "state_dict": stated,
            "hparams_name": "cfg",
        }
        whole |= {
            "callbacks": {foreign.Callback: {"best_model_score": torch.tensor(0.1), "dirpath": Path("a")}}
        }  # type: ignore[attr-defined]
        whole |= {
            "hyper_parameters": {"cfg": config, "prefix": "1/"},
            "optimizer_states": [{"state": {0: {"step": 5}}}],
        }
        torch.save(whole | entries, path)
    finally:
        del sys.modules["gone"]
    return path


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return save(tiny_tensors(), tmp_path / "sadm.ckpt")


# ---- the released numbers


@pytest.fixture(scope="module")
def converted(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Weights files of a full-size SADM checkpoint with the golden weights, by method, converted by the command."""
    folder = tmp_path_factory.mktemp("released")
    checkpoint = save(released_tensors(golden), folder / "sadm.ckpt")
    main(
        [
            "import-checkpoint",
            str(checkpoint),
            "--to",
            str(folder / "models"),
            "--trained-on",
            "draem",
            "--fold",
            "3",
        ]
    )
    checkpoint.unlink()
    files = {"cddpm": folder / "models/cddpm/fold3", "unet_res": folder / "models/unet_res-draem/fold3"}
    return {method: folder / "weights.safetensors" for method, folder in files.items()}


@pytest.fixture(scope="module")
def methods(converted: dict[str, Path]) -> dict[str, Any]:
    return {name: load_method(path, CPU) for name, path in converted.items()}


def test_the_metadata_is_that_of_a_training(converted: dict[str, Path]) -> None:
    hyper = hyper_of([STUDY])
    for method, model, changed in (
        ("cddpm", "cddpm", {"pretrained": False}),
        ("unet_res", "unet_res-draem", {}),
    ):
        about = load(converted[method])[1]
        own = registry.declared("methods", method)[1] | hyper[method] | changed
        trained = {key: value for key, value in own.items() if key not in registry.method(method).scored_with}
        run = {"model": model, "fold": 3, "seed": 1}
        networks = {"method": method, "hyper": trained, "shape": [96, 96], "frame": "LPS"}
        assert about == json.loads(json.dumps(run | networks))
        curve = converted[method].with_name("curve.csv").read_text()
        assert curve == "model,fold,seed,epoch,step,train_loss,val_loss,lr\n"


def test_cddpm_gives_the_released_numbers(methods: dict[str, Any]) -> None:
    """Through `denoise`, with the noise that makes x_t the clean slice: the golden network saw no noise."""
    cddpm, t, image = methods["cddpm"], torch.tensor([249, 749]), slices()
    assert_golden(cddpm.code(image, torch.Generator()), "encoder_eval(X)")
    signal, spread = (
        getattr(cddpm.diffusion, name)[t][:, None, None, None]
        for name in ("sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod")
    )
    clean = (1 - signal) / spread * (2 * image - 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cddpm, "noise", lambda count, generator, shared: clean)
        made, loss = cddpm.denoise(image, t, torch.Generator())
    assert_golden(2 * made - 1, "unet128(2X-1,t=[249,749],cond=encoder_eval(X))")
    assert float(loss) == pytest.approx(float((2 * made - 2 * image).abs().mean()), abs=1e-6)


def test_unet_res_gives_the_released_numbers(methods: dict[str, Any]) -> None:
    image = slices()
    made = 0.9 * image + 0.05 * noise()
    given = (each.flip(-2, -1) for each in (image[:, 0], torch.ones(2, 96, 96), made[None, :, 0]))
    found = methods["unet_res"].anomaly_map(*given).flip(-2, -1)
    assert_golden(found[:, None], "segunet sigmoid(reco=0.9X+0.05noise,input=X)")


def test_the_score_of_a_volume_is_the_released_one(methods: dict[str, Any]) -> None:
    """Paper, section 3, with the schedule, the maps and the sums written anew in float64."""
    size, depth, steps = 24, 5, (249, 499, 749)
    z, x, y = np.indices((depth, size, size))
    brain = ((z - 2) / 4) ** 2 + ((x - 12) / 10) ** 2 + ((y - 11) / 9) ** 2 < 1
    volume = ((0.5 + 0.4 * np.sin(x / 3 + z) * np.cos(y / 4)) * brain).astype(np.float32)
    simplex = SimplexNoise((size, size))
    noises = [simplex.field(torch.from_numpy(permutation(seed))[None]) for seed in (3, 7, 11)]
    score = released_score(methods, volume, brain, noises, steps)

    cddpm = methods["cddpm"]  # it reads slices LPS, ours are RAS
    image, mask = (torch.from_numpy(each).flip(-2, -1) for each in (volume, brain))
    given = iter(noises)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cddpm, "noise", lambda count, generator, shared: next(given).expand(count, -1, -1, -1))
        patch.setattr(cddpm, "score", Scoring())
        made = cddpm.reconstruct(image, torch.Generator())
        maps = [methods[name].anomaly_map(image, mask, made).numpy() for name in ("cddpm", "unet_res")]
    maps = [np.flip(each, (-2, -1)) for each in maps]
    assert min(np.ptp(each[brain]) for each in maps) > 0.1
    np.testing.assert_allclose(fuse(maps), score, atol=1e-5)


def released_score(
    methods: dict[str, Any],
    volume: np.ndarray,
    brain: np.ndarray,
    noises: list[Tensor],
    steps: tuple[int, ...],
) -> np.ndarray:
    """u + p of ``volume`` [D, X, Y]: one noise for all slices, networks in float32 and all else in float64."""
    x = volume.astype(np.float64)

    def network(net: Callable[..., Tensor], *inputs: Any) -> np.ndarray:
        given = [
            torch.from_numpy(v.astype(np.float32))[:, None] if isinstance(v, np.ndarray) else v
            for v in inputs
        ]
        return net(*given)[:, 0].numpy().astype(np.float64)

    def share(step: int) -> float:
        f0, f = (np.cos((s / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2 for s in (0, step + 1))
        return f / f0

    code = methods["cddpm"].encoder(torch.from_numpy(volume)[:, None])
    recos, probabilities = [], []
    for step, added in zip(steps, noises):
        noised = np.sqrt(share(step)) * (2 * x - 1) + np.sqrt(1 - share(step)) * added[0].double().numpy()
        out = network(methods["cddpm"].unet, noised, torch.full((len(x),), step), code)
        recos.append((out + 1) / 2)
        probabilities.append(1 / (1 + np.exp(-network(methods["unet_res"].net, x, x - recos[-1]))))
    r = np.mean(recos, axis=0)

    def mean(a: np.ndarray) -> np.ndarray:
        return gaussian_filter(a, 1.0, mode="mirror", truncate=4.0)

    spread = max(np.ptp(x), np.ptp(r))
    c1, c2, mx, mr = (0.01 * spread) ** 2, (0.03 * spread) ** 2, mean(x), mean(r)
    vx, vr, cov = mean(x * x) - mx**2, mean(r * r) - mr**2, mean(x * r) - mx * mr
    ssim = (2 * mx * mr + c1) * (2 * cov + c2) / ((mx**2 + mr**2 + c1) * (vx + vr + c2))
    u = median_filter((1 - ssim) * brain, 5) * brain
    return u + np.mean(probabilities, axis=0) * brain


# ---- the frame of the slices


def loaded(files: list[Path], frame: str) -> dict[str, Any]:
    """The methods of weights ``files`` as if they were made for slices in ``frame``, stage II upon stage I."""
    found: dict[str, Any] = {}
    for path in files:
        tensors, about = load(path)
        again = path.with_name(f"{frame}.safetensors")
        save_weights(tensors, about | {"frame": frame}, again)
        found[about["method"]] = load_method(again, CPU, dict(found))
    return found


@pytest.fixture(scope="module")
def shaken(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Converted weights of a small SADM checkpoint whose zero layers are none, so that noise and input show."""
    folder, draws = tmp_path_factory.mktemp("frame"), torch.Generator().manual_seed(4)
    tensors = {
        name: v + 0.1 * torch.rand(v.shape, generator=draws)
        if (v.is_floating_point() and not name.startswith("diffusion.")) or ".model." in name
        else v
        for name, v in tiny_tensors().items()
    }
    return convert(save(tensors, folder / "sadm.ckpt"), folder / "models", TINY, trained_on="draem")


@pytest.mark.parametrize("frame", ["LPS", "LAS", "RPS"])
def test_a_turned_volume_gives_the_turned_result_to_the_bit(shaken: list[Path], frame: str) -> None:
    """The networks see what those of RAS see of the volume in their frame, noise included."""
    own, plain = loaded(shaken, frame), loaded(shaken, "RAS")
    turn = [axis for axis, letter, ours in zip((-2, -1), frame, "RA") if letter != ours]
    volume = torch.rand(2, 96, 96, generator=torch.Generator().manual_seed(1))
    brain = volume > 0.3
    made, wanted = (
        methods["cddpm"].reconstruct(each, torch.Generator().manual_seed(7))
        for methods, each in ((own, volume), (plain, volume.flip(turn)))
    )
    assert torch.equal(made.flip(turn), wanted)
    assert not torch.equal(made, plain["cddpm"].reconstruct(volume, torch.Generator().manual_seed(7)))
    for name in own:
        own[name].score = plain[name].score = Scoring()
        found = own[name].anomaly_map(volume, brain, made)
        assert torch.equal(
            found.flip(turn), plain[name].anomaly_map(volume.flip(turn), brain.flip(turn), wanted)
        )
    contexts = [
        methods["unet_res"].context(Batch(each, None, each > 0, None, torch.Generator().manual_seed(3), each))
        for methods, each in ((own, volume[:, None]), (plain, volume[:, None].flip(turn)))
    ]
    assert torch.equal(contexts[0].flip(turn), contexts[1])


def test_stage_two_of_ours_goes_upon_a_converted_stage_one(shaken: list[Path]) -> None:
    """The frames are mixed: the cDDPM sees LPS, the segmentation U-Net trained here RAS."""
    stage_one, plain = loaded(shaken, "LPS")["cddpm"], loaded(shaken, "RAS")
    ours = build("unet_res", TINY["unet_res"], (96, 96), {"cddpm": stage_one}, seed=5)
    assert (ours.frame, stage_one.frame) == ("RAS", "LPS")
    image = torch.rand(2, 1, 96, 96, generator=torch.Generator().manual_seed(1))
    batch = Batch(image, (image > 0.9).float(), image > 0.3, None, torch.Generator().manual_seed(3), image)
    found = ours.context(batch)
    draws = torch.Generator().manual_seed(3)
    assert torch.equal(found.flip(-2, -1), plain["cddpm"].pseudo_healthy(image.flip(-2, -1), draws))
    with torch.enable_grad():
        loss = ours.loss(replace(batch, context=found))
        loss.backward()
    assert all(p.grad is not None for p in ours.parameters())
    made = stage_one.reconstruct(image[:, 0], torch.Generator().manual_seed(7))
    logits = [ours.net(image, image - each[:, None]) for each in made]
    wanted = torch.stack([torch.sigmoid(each)[:, 0] for each in logits]).mean(0) * batch.brain[:, 0]
    assert torch.equal(ours.anomaly_map(image[:, 0], batch.brain[:, 0], made), wanted)


def test_weights_without_a_frame_or_with_an_unknown_one_are_refused(shaken: list[Path]) -> None:
    tensors, about = load(shaken[0])
    path = shaken[0].with_name("none.safetensors")
    for other, said in ({}, "do not tell their frame"), ({"frame": "RAI"}, "'RAI' is no frame"):
        save_weights(tensors, {k: v for k, v in about.items() if k != "frame"} | other, path)
        with pytest.raises(DataError, match=said):
            load_method(path, CPU)


def test_a_checkpoint_trained_on_other_volumes_tells_their_frame(tiny: Path) -> None:
    command = [
        "import-checkpoint",
        str(tiny),
        "--to",
        str(tiny.with_name("models")),
        "--trained-on",
        "draem",
        "--frame",
    ]
    with pytest.raises(SystemExit):
        main([*command, "RAI"])
    (stage_one, _) = convert(tiny, tiny.with_name("models"), TINY, trained_on="draem", frame="RAS")
    assert load(stage_one)[1]["frame"] == "RAS"


# ---- names


WRAPPED: dict[str, Callable[[str], str]] = {
    "compiled": lambda n: f"_orig_mod.{n}",
    "parallel": lambda n: f"module.{n}",
    "in a module": lambda n: f"model.{n}",
    "stacked": lambda n: f"model.module._orig_mod.{n}",
    "twice": lambda n: f"module.module.{n}",
    "inside": lambda n: n.replace("encoder.encoder.", "encoder.encoder._orig_mod.").replace("SegUnet.", "SegUnet.module."),
    "inside, model": lambda n: n.replace("diffusion.model.", "diffusion.model._orig_mod.model.").replace("SegUnet.", "SegUnet.model."),
    "around the diffusion": lambda n: n.replace("diffusion.", "diffusion.module.", 1),
    "around the diffusion, model": lambda n: n.replace("diffusion.", "diffusion.model.", 1),
    "some alone": lambda n: f"module.{n}" if n.startswith("encoder.encoder.layer3") else n,
}  # fmt: skip


@pytest.mark.parametrize("kind", WRAPPED)
def test_what_wraps_a_network_leaves_no_trace(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tensors = tiny_tensors()
    wrapped = {WRAPPED[kind](name): tensor for name, tensor in tensors.items()}
    found, wanted = (
        convert(save(each, tmp_path / f"{n}.ckpt"), tmp_path / str(n), TINY, trained_on="draem")
        for n, each in enumerate((wrapped, tensors))
    )
    assert [path.read_bytes() for path in found] == [path.read_bytes() for path in wanted]
    told = capsys.readouterr().err
    more = {w: sum(f".{w}." in f".{new}" for new in wrapped) for w in ("_orig_mod", "module")}
    assert all((f"taken off {n} of {len(tensors)} names: {w}." in told) == (n > 0) for w, n in more.items())
    assert ("names: model." in told) == any(
        n.count("model.") > o.count("model.") for n, o in zip(wrapped, tensors)
    )


def test_a_checkpoint_whose_names_are_bare_is_told_nothing(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    convert(tiny, tiny.with_name("models"), TINY, trained_on="draem")
    assert capsys.readouterr().err == ""


def test_no_name_is_guessed(tmp_path: Path) -> None:
    """A word is taken off, never put in, and two tensors do not become one."""
    tensors = tiny_tensors()
    twice = tensors | {"module.SegUnet.last.bias": torch.ones(1)}
    with pytest.raises(DataError, match=r"twice(.|\n)*SegUnet\.last\.bias"):
        convert(save(twice, tmp_path / "twice.ckpt"), tmp_path / "models", TINY, trained_on="draem")
    lacking = {name.replace("diffusion.model.", "diffusion."): v for name, v in tensors.items()}
    with pytest.raises(DataError, match=r"lacks tensors(.|\n)*diffusion\.model\."):
        convert(save(lacking, tmp_path / "lacking.ckpt"), tmp_path / "models", TINY, trained_on="draem")
    foreign = tensors | {"module.vgg.0.weight": torch.ones(1)}
    with pytest.raises(DataError, match=r"no network of ours(.|\n)*module\.vgg\.0"):
        convert(save(foreign, tmp_path / "foreign.ckpt"), tmp_path / "models", TINY, trained_on="draem")


def test_released_names_stay_apart_without_those_words(golden: Path) -> None:
    names = list(released_tensors(golden))
    assert len({bare(name) for name in names}) == len(names)


# ---- what is kept, and what is refused


def test_a_stage_one_checkpoint_is_a_cddpm_alone(tmp_path: Path) -> None:
    tensors = tiny_tensors(segments=False)
    (file,) = convert(save(tensors, tmp_path / "ddpm.ckpt"), tmp_path / "models", TINY)
    assert file == tmp_path / "models/cddpm/fold0/weights.safetensors"
    assert len(load(file)[0]) == len(tensors)
    with pytest.raises(ConfigError, match="no segmentation U-Net"):
        convert(tmp_path / "ddpm.ckpt", tmp_path / "again", TINY, trained_on="draem")


def test_every_number_is_kept_drifted_statistics_too(tmp_path: Path) -> None:
    tensors = tiny_tensors()
    tensors["encoder.encoder.bn1.running_mean"] = torch.arange(4.0)
    tensors["encoder.encoder.bn1.num_batches_tracked"] = torch.tensor(14400)
    parent = torch.arange(float(tensors["SegUnet.last.weight"].numel() + 5))
    tensors["SegUnet.last.weight"] = parent[3:-2].view_as(tensors["SegUnet.last.weight"])
    files = convert(save(tensors, tmp_path / "sadm.ckpt"), tmp_path / "models", TINY, trained_on="brats")
    assert [file.parent.parent.name for file in files] == ["cddpm", "unet_res-brats"]
    assert files[0].stat().st_mtime_ns < files[1].stat().st_mtime_ns
    stage_one, segmentation = (load(file)[0] for file in files)
    assert torch.equal(stage_one["encoder.bn1.running_mean"], torch.arange(4.0))
    assert int(stage_one["encoder.bn1.num_batches_tracked"]) == 14400
    assert torch.equal(segmentation["net.last.weight"].flatten(), parent[3:-2])
    assert sum(map(len, (stage_one, segmentation))) == len(tensors)


Change = Callable[[dict[str, Any]], Any]
CHANGES: dict[str, tuple[Change, str]] = {
    "missing": (lambda t: t.pop("encoder.encoder.fc.bias"), r"lacks(.|\n)*encoder\.encoder\.fc\.bias"),
    "missing statistics": (lambda t: t.pop("encoder.encoder.bn1.running_var"), r"encoder\.encoder\.bn1\.running_var"),
    "extra": (lambda t: t.update({"SegUnet.heads.0.weight": torch.ones(1)}), r"no network of ours(.|\n)*SegUnet\.heads"),
    "extra module": (lambda t: t.update({"vgg.0.weight": torch.ones(1)}), r"no network of ours(.|\n)*vgg\.0"),
    "shape": (lambda t: t.update({"SegUnet.last.bias": torch.ones(2)}), r"SegUnet\.last\.bias float32 \[2\], not float32 \[1\]"),
    "type": (lambda t: t.update({"SegUnet.last.bias": torch.ones(1).long()}), r"shape or type"),
    "not finite": (lambda t: t["SegUnet.last.bias"].fill_(torch.nan), r"not finite(.|\n)*SegUnet\.last\.bias"),
    "schedule": (lambda t: t["diffusion.betas"].mul_(1.001), r"schedule(.|\n)*betas differs"),
    "no tensor": (lambda t: t.update({"SegUnet.last.bias": [1.0]}), r"SegUnet\.last\.bias is no tensor of numbers but list"),
    "empty": (lambda t: t.clear(), "lacks"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_tensor_that_does_not_fit_is_named_and_nothing_written(tmp_path: Path, change: str) -> None:
    tensors, (apply, message) = tiny_tensors(), CHANGES[change]
    apply(tensors)
    path = save(tensors, tmp_path / "sadm.ckpt")
    with pytest.raises(DataError, match=message) as caught:
        convert(path, tmp_path / "models", TINY, trained_on="draem" if tensors else None)
    assert caught.value.file == path
    assert caught.value.fix
    assert not (tmp_path / "models").exists()


def test_another_size_is_refused(tiny: Path) -> None:
    with pytest.raises(DataError, match=r"another shape.*\n(.|\n)*SegUnet"):
        convert(
            tiny, tiny.with_name("models"), TINY | {"unet_res": {"channels": [8, 24]}}, trained_on="draem"
        )


@pytest.mark.parametrize(
    "damage", ["missing", "truncated", "flipped", "text", "no state_dict", "state_dict alone"]
)
def test_an_unusable_file_is_named(tiny: Path, damage: str) -> None:
    whole = tiny.read_bytes()
    if damage == "missing":
        tiny.unlink()
    elif damage == "no state_dict":
        torch.save({"weights": {}}, tiny)
    elif damage == "state_dict alone":
        torch.save(tiny_tensors(), tiny)
    else:
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        tiny.write_bytes({"truncated": whole[:middle], "flipped": flipped, "text": b"no zip"}[damage])
    with pytest.raises(DataError, match=r"sadm\.ckpt"):
        convert(tiny, tiny.with_name("models"), TINY, trained_on="draem")


# ---- nothing in the file runs


class Calls:
    """Asks the reader to call ``function``."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


@pytest.mark.parametrize("where", ["state_dict", "hyper_parameters", "optimizer_states"])
@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "builtins.getattr", "subprocess.Popen", "importlib.import_module"])  # fmt: skip
def test_code_is_refused_and_not_run(tmp_path: Path, where: str, name: str) -> None:
    module, _, function = name.rpartition(".")
    found, marker = getattr(importlib.import_module(module), function), tmp_path / "ran"
    argument = {"eval": f"open({str(marker)!r}, 'w')", "getattr": "x", "import_module": "antigravity"}
    payload = Calls(
        found, *([argument.get(function, f"touch {marker}")] * (2 if function == "getattr" else 1))
    )
    tensors = tiny_tensors()
    entries = {where: payload}
    if where == "state_dict":
        tensors, entries = tensors | {"SegUnet.last.bias": payload}, {}
    path = save(tensors, tmp_path / "sadm.ckpt", **entries)
    with pytest.raises(DataError, match=rf"names code(.|\n)*{function}"):
        convert(path, tmp_path / "models", TINY, trained_on="draem")
    assert not marker.exists()
    assert "antigravity" not in sys.modules
    assert not (tmp_path / "models").exists()


def test_other_peoples_code_is_never_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function of an installed package is inert as metadata, and no tensor in place of one."""
    called: list[str] = []

    def spring(*_: Any) -> None:
        called.append("sprung")

    spring.__module__, spring.__qualname__ = "trap", "spring"
    trap = types.ModuleType("trap")
    trap.spring = spring  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "trap", trap)
    tensors, payload = tiny_tensors(), Calls(spring, "x")
    path = save(tensors, tmp_path / "sadm.ckpt", hyper_parameters=payload)
    convert(path, tmp_path / "models", TINY, trained_on="draem")
    path = save(tensors | {"SegUnet.last.bias": payload}, tmp_path / "bad.ckpt")
    with pytest.raises(DataError, match=r"bias is no tensor of numbers but trap\.spring"):
        convert(path, tmp_path / "other", TINY, trained_on="draem")
    assert not called


# ---- the command


def test_nothing_is_overwritten_without_force(tiny: Path) -> None:
    models = tiny.with_name("models")
    (first, _) = convert(tiny, models, TINY, trained_on="draem")
    before = first.read_bytes()
    other = save(tiny_tensors() | {"encoder.encoder.fc.bias": torch.ones(8)}, tiny.with_name("other.ckpt"))
    with pytest.raises(ConfigError, match=r"not overwritten(.|\n)*cddpm/fold0/weights"):
        convert(other, models, TINY, trained_on="brats")
    assert first.read_bytes() == before
    assert not (models / "unet_res-brats").exists()
    convert(other, models, TINY, trained_on="brats", force=True)
    assert torch.equal(load(first)[0]["encoder.fc.bias"], torch.ones(8))


def test_the_command_says_what_it_did_or_what_is_wrong(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, models = tiny.with_name("tiny.yaml"), tiny.with_name("models")
    study.write_text(json.dumps({"hyper": TINY}))
    words = [
        "import-checkpoint",
        str(tiny),
        "--study",
        str(study),
        "--to",
        str(models),
        "--trained-on",
        "atlas",
    ]
    main(words)
    assert "models/unet_res-atlas/fold0/weights.safetensors" in capsys.readouterr().out
    assert load_method(models / "cddpm/fold0/weights.safetensors", CPU).shape == (96, 96)
    with pytest.raises(SystemExit, match="ConfigError: Weights exist"):
        main(words)
    with pytest.raises(SystemExit, match=r"none\.yaml"):
        main(["import-checkpoint", str(tiny), "--study", "none.yaml"])
    with pytest.raises(SystemExit, match="no name of a data set"):
        main([*words, "--trained-on", "../up"])
