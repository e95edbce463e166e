"""Covers sadm.prediction.predict, sadm.prediction.reconstruct: reconstructions and maps of the test scans."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sadm.cohort.packed import Part, load_packed, members
from sadm.methods.base import build
from sadm.prediction.maps import Origin, as_volume, origin, read_maps, read_reconstructions
from sadm.prediction.predict import predict
from sadm.prediction.reconstruct import reconstruct
from sadm.prediction.score import Scoring
from sadm.runtime.errors import DataError
from sadm.training.checkpoint import load_method, save

D, SHAPE, SCANS, TESTED = 5, (16, 16), ["sub-a", "sub-b", "sub-c", "sub-d"], [1, 3]
HYPER: dict[str, dict[str, Any]] = {
    "cddpm": {"channels": [8, 8, 16], "res_blocks": 1, "groups": 4, "head_channels": 8, "condition": 8, "encoder_layers": [1, 1, 1, 1],
              "encoder_width": 4, "t_test": [100, 600]},
    "unet": {"channels": [8, 16]},
    "unet_res": {"channels": [8, 16]},
}  # fmt: skip
PLACE = {"device": "cpu", "amp": False}


def packed(folder: Path, scans: list[int]) -> Path:
    """The data set of the ``scans``, whose brains have different sizes, and its splits."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    size = np.arange(len(SCANS)).reshape(-1, 1, 1, 1) * 0.1 + 0.4
    brain = np.broadcast_to(x**2 + y**2 < size, (len(SCANS), D, *SHAPE)).astype(np.uint8)
    t1 = (rng.random(brain.shape) * brain).astype(np.float16)
    for name, array in (("t1", t1), ("brain", brain), ("lesion", 0 * brain)):
        np.save(folder / f"{name}.npy", array[scans])
    (folder / "scans.tsv").write_text("\n".join(["dataset\tscan", *(f"x\t{SCANS[i]}" for i in scans)]) + "\n")
    rows = [f"x\t{scan}\t{scan}\t0\t{'test' if i in TESTED else 'train'}" for i, scan in enumerate(SCANS)]
    (folder / "splits.tsv").write_text("\n".join(["dataset\tscan\tsubject\tfold\tset", *rows]) + "\n")
    return folder


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return packed(tmp_path / "case", list(range(len(SCANS))))


def weights(folder: Path, name: str, frame: str = "RAS") -> Path:
    """Weights of an untrained method, shaken: its zero layers would hide the noise."""
    method, path = build(name, HYPER[name], SHAPE, seed=3), folder / f"{name}_{frame}.safetensors"
    shake = torch.Generator().manual_seed(4)
    state = {
        k: v + 0.1 * torch.rand(v.shape, generator=shake) if v.is_floating_point() else v
        for k, v in method.state_dict().items()
    }
    save(state, {"method": name, "hyper": HYPER[name], "shape": SHAPE, "frame": frame}, path)
    return path


def part_of(data: Path, name: str = "x", part: str = "test") -> Part:
    """A part of the packed data set in the folder ``data``, which calls itself ``name``."""
    found = load_packed(data)
    return Part(name, part, found, members(found, data / "splits.tsv", 0, part))


def reconstructed(
    folder: Path, data: Path, file: str = "made", name: str = "x", part: str = "test", **changes: Any
) -> np.ndarray:
    """Reconstructions of all scans of a part, in packed order."""
    options: dict[str, Any] = {
        "model": "cddpm",
        "fold": 0,
        "seed": 1,
        "training_seed": 1,
        "scored_with": {},
        **PLACE,
    }
    given, out = part_of(data, name, part), folder / f"{file}.safetensors"
    options |= {"weights": weights(folder, "cddpm"), "sets": {"key": given}, "out": {"key": out}}
    reconstruct(**(options | changes))
    return np.stack([read_reconstructions(out, scan) for scan in given.names])


def maps(
    folder: Path, data: Path, method: str, reconstructor: str | None, frame: str = "RAS"
) -> list[np.ndarray]:
    """The stored maps of the test scans, in packed order."""
    given, out = part_of(data), folder / f"{method}_maps.safetensors"
    made = [folder / "made.safetensors"] if reconstructor else []
    predict(
        model=f"{method}-x", fold=0, seed=1, weights=weights(folder, method, frame), sets={"key": given},
        reconstructor=reconstructor, reconstructions=made, sigma=1.0, median=3, out={"key": out}, **PLACE,
    )  # fmt: skip
    return read_maps(out, given.data, given.scans)


def test_reconstructions_hold_every_test_scan_and_step(case: Path, tmp_path: Path) -> None:
    made = reconstructed(tmp_path, case)
    assert made.shape == (2, 2, D, *SHAPE)
    assert made.dtype == np.float16
    assert not np.array_equal(made[:, 0], made[:, 1])
    assert np.array_equal(made, reconstructed(tmp_path, case, "again"))
    assert not np.array_equal(made, reconstructed(tmp_path, case, "other", name="y"))


def test_validation_scans_are_a_set_of_their_own(case: Path, tmp_path: Path) -> None:
    text = (case / "splits.tsv").read_text().replace("sub-a\t0\ttrain", "sub-a\t0\tval")
    (case / "splits.tsv").write_text(text)
    assert len(reconstructed(tmp_path, case, "val", part="val")) == 1


def test_the_steps_of_the_study_count_and_not_those_of_the_weights(case: Path, tmp_path: Path) -> None:
    made = reconstructed(tmp_path, case)
    one = reconstructed(tmp_path, case, "one", scored_with={"t_test": [100]})
    assert one.shape == (2, 1, D, *SHAPE)
    assert np.array_equal(one[:, 0], made[:, 0])


def test_a_reconstruction_does_not_depend_on_the_other_scans(case: Path, tmp_path: Path) -> None:
    whole = reconstructed(tmp_path, case)
    alone = reconstructed(tmp_path, packed(tmp_path / "fewer", [0, 3]), "alone")
    assert np.array_equal(alone[0], whole[1])


@pytest.mark.parametrize("method", ["cddpm", "unet", "unet_res"])
def test_weights_in_another_frame_see_the_volumes_turned(case: Path, tmp_path: Path, method: str) -> None:
    """Of a data set turned by 180 degrees in the plane, LPS weights make to the bit what RAS ones make of it as it lies."""
    turned, needs = tmp_path / "turned", None if method == "unet" else "cddpm"
    shutil.copytree(case, turned)
    for path in turned.glob("*.npy"):
        np.save(path, np.flip(np.load(path), (-2, -1)))
    plain = reconstructed(tmp_path, case)
    wanted = maps(tmp_path, case, method, needs)
    made = reconstructed(tmp_path, turned, weights=weights(tmp_path, "cddpm", "LPS"))
    assert np.array_equal(np.flip(made, (-2, -1)), plain)
    found = maps(tmp_path, turned, method, needs, "LPS")
    for scan, there, here in zip(TESTED, found, wanted, strict=True):
        brains = [np.load(folder / "brain.npy")[scan] for folder in (turned, case)]
        volumes = [as_volume(values, brain) for values, brain in zip((there, here), brains, strict=True)]
        assert np.array_equal(np.flip(volumes[0], (-2, -1)), volumes[1])


@pytest.mark.parametrize("method", ["cddpm", "unet", "unet_res"])
def test_the_map_file_is_the_map_at_the_brain_voxels_of_the_test_scans(
    case: Path, tmp_path: Path, method: str
) -> None:
    made = reconstructed(tmp_path, case)
    stored = maps(tmp_path, case, method, None if method == "unet" else "cddpm")
    net = load_method(weights(tmp_path, method), torch.device("cpu"))
    net.score = Scoring(sigma=1.0, median=3)
    expected = []
    for row, scan in enumerate(TESTED):
        volume, brain = (
            np.load(case / "t1.npy")[scan].astype(np.float32),
            np.load(case / "brain.npy")[scan] > 0,
        )
        with torch.no_grad():
            found = net.anomaly_map(
                torch.tensor(volume), torch.tensor(brain), torch.tensor(made[row].astype(np.float32))
            )
        expected.append(found.numpy()[brain])
    assert origin(tmp_path / f"{method}_maps.safetensors") == Origin(f"{method}-x", 0, 1, "x", "test")
    for values, volume in zip(stored, expected, strict=True):
        np.testing.assert_array_equal(values, volume.astype(np.float16))


def test_reconstructions_of_another_test_set_are_refused(case: Path, tmp_path: Path) -> None:
    reconstructed(tmp_path, packed(tmp_path / "fewer", [0, 3]))
    with pytest.raises(DataError, match=r"made\.safetensors"):
        maps(tmp_path, case, "cddpm", "cddpm")


@pytest.mark.parametrize("changes", [{"fold": 1}, {"seed": 2}, {"model": "ddpm"}, {"name": "y"}])
def test_reconstructions_of_another_origin_are_refused(
    case: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    reconstructed(tmp_path, case, **changes)
    with pytest.raises(DataError, match=r"x \(test\) by cddpm, fold 0, seed 1 is wanted"):
        maps(tmp_path, case, "cddpm", "cddpm")


def test_nothing_is_left_behind_by_a_failure(case: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no weights")
    with pytest.raises(DataError, match="broken"):
        reconstructed(tmp_path, case, weights=broken)
    assert not (tmp_path / "made.safetensors").exists()
    assert not list(tmp_path.glob(".tmp*"))
