"""ImageNet weights: the right file becomes the extractor's tensors, any other is refused by name and runs no code."""

import hashlib
import pickle
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
from torch import Tensor

from sadm.networks.imagenet import COUNTER, adopt, extractor
from sadm.runtime.errors import DataError, MissingWeightsError
from sadm.training import checkpoint
from sadm.training import imagenet_weights as module
from sadm.training.imagenet_weights import imagenet


def tensors() -> dict[str, Tensor]:
    """What torchvision's file holds: the extractor, without counts of batches, and layers that are not used."""
    torch.manual_seed(1)
    own = {k: torch.rand_like(v) for k, v in extractor("resnet18").state_dict().items() if COUNTER not in k}
    return own | {"layer3.0.conv1.weight": torch.zeros(2, 2, 3, 3), "fc.bias": torch.zeros(5)}


def placed(folder: Path, monkeypatch: pytest.MonkeyPatch, content: Any, same: int = 64) -> Path:
    """A file of ``content``, pinned by its hash, of which only the ``same`` first digits are true."""
    folder.mkdir(exist_ok=True)
    torch.save(content, folder / "new")
    digest = hashlib.sha256((folder / "new").read_bytes()).hexdigest()
    path = (folder / "new").rename(folder / f"resnet18-{digest[:8]}.pth")
    monkeypatch.setitem(module.SHA256, path.name, digest[:same].ljust(64, "0"))
    monkeypatch.setitem(module.FILES, "resnet18", path.name)
    return path


@pytest.mark.parametrize("way", ["folder", "fetch"])
def test_the_right_file_becomes_the_extractors_tensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    path, out = placed(tmp_path / "given", monkeypatch, tensors()), tmp_path / "out" / "resnet18.safetensors"
    if way == "fetch":
        monkeypatch.setattr(module, "PLACE", path.parent.as_uri())
    imagenet("resnet18", str(path.parent) if way == "folder" else "fetch", out)
    found, about = checkpoint.load(out)
    assert about["source"] == "imagenet"
    assert about["file"] == path.name
    assert about["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    net = extractor("resnet18")
    adopt(net, found, "width")
    own = {name: value for name, value in net.state_dict().items() if COUNTER not in name}
    assert found.keys() == own.keys()
    assert all(torch.equal(value, tensors()[name]) for name, value in own.items())
    assert [p.name for p in out.parent.iterdir()] == [out.name]


def test_a_file_with_another_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = placed(tmp_path, monkeypatch, tensors(), same=8)
    with pytest.raises(DataError, match=rf"(?s)not the file expected.*{path.name}.*sha256") as error:
        imagenet("resnet18", str(path.parent), tmp_path / "out.safetensors")
    assert "imagenet.weights" in str(error.value)
    assert not (tmp_path / "out.safetensors").exists()


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def test_code_in_a_file_is_named_and_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = placed(tmp_path, monkeypatch, tensors() | {"evil": Evil(tmp_path / "ran")})
    with pytest.raises(DataError, match=rf"(?s)cannot be read.*{path.name}.*UnpicklingError"):
        imagenet("resnet18", str(tmp_path), tmp_path / "out.safetensors")
    assert not (tmp_path / "ran").exists()
    pickle.loads(pickle.dumps(Evil(tmp_path / "ran")))
    assert (tmp_path / "ran").exists(), "the test has something to find"


@pytest.mark.parametrize("change", ["absent", "shape", "no tensors"])
def test_a_file_of_another_network_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    content: dict[str, Any] = tensors()
    name = "layer2.1.conv2.weight"
    content[name] = {"absent": None, "shape": torch.zeros(3), "no tensors": "x"}[change]
    if change == "absent":
        del content[name]
    path = placed(tmp_path, monkeypatch, content)
    with pytest.raises(DataError, match=rf"(?s)not those of their network.*1 tensors.*{name}"):
        imagenet("resnet18", str(path.parent), tmp_path / "out.safetensors")


def test_without_the_file_it_says_what_to_place_where(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError) as error:
        imagenet("wide_resnet50_2", str(tmp_path), tmp_path / "out.safetensors")
    for words in (f"{tmp_path}/wide_resnet50_2-95faca4d.pth", "no such file", "imagenet.weights", "random"):
        assert words in str(error.value)


def test_without_a_network_it_says_what_to_place_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: Any, **__: Any) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(MissingWeightsError) as error:
        imagenet("resnet18", "fetch", tmp_path / "out.safetensors")
    for words in ("resnet18-f37072fd.pth", "no route to host", "imagenet.weights", "random"):
        assert words in str(error.value)
