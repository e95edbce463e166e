"""Files of tensors: what goes in comes out, as the library of the format reads it, too; anything else is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from sadm.runtime.errors import DataError
from sadm.runtime.tensors import KEY, open_tensors, write_tensors

TENSORS = {
    "b": np.arange(6, dtype=np.float16).reshape(2, 3),
    "a": np.empty(0, np.float16),
    "ü": np.full((1, 2, 1, 2), np.float16(1 / 3)),
}
META = {"model": "ae", "fold": 0}


def write(path: Path, tensors: dict[str, np.ndarray] = TENSORS) -> Path:
    write_tensors(tensors.items(), {name: each.shape for name, each in tensors.items()}, META, path)
    return path


@pytest.mark.parametrize("tensors", [TENSORS, {}])
def test_round_trip(tmp_path: Path, tensors: dict[str, np.ndarray]) -> None:
    path = write(tmp_path / "a.safetensors", tensors)
    meta, found = open_tensors(path)
    assert meta == META
    assert list(found) == list(tensors)
    with safe_open(path, framework="np") as stored:
        assert json.loads(stored.metadata()[KEY]) == META
        for name, tensor in tensors.items():
            for other in (found[name], stored.get_tensor(name)):
                assert other.dtype == np.float16
                np.testing.assert_array_equal(other, tensor)


def test_equal_content_is_equal_bytes_and_values_are_rounded_to_float16(tmp_path: Path) -> None:
    wide = {name: tensor.astype(np.float32) for name, tensor in TENSORS.items()}
    assert write(tmp_path / "a").read_bytes() == write(tmp_path / "b", wide).read_bytes()


def test_one_tensor_is_in_memory_at_a_time(tmp_path: Path) -> None:
    alive: list[int] = []

    class Counted(np.ndarray):
        def __del__(self) -> None:
            alive.pop()

    def drawn():  # type: ignore[no-untyped-def]
        for name in "abcd":
            assert len(alive) <= 1, "the last one may still be held by the loop"
            alive.append(1)
            yield name, np.zeros(8, np.float16).view(Counted)

    write_tensors(drawn(), dict.fromkeys("abcd", (8,)), {}, tmp_path / "a")
    assert len(open_tensors(tmp_path / "a")[1]) == 4


@pytest.mark.parametrize(
    "given", [[("b", TENSORS["b"])], [("a", TENSORS["a"]), ("b", TENSORS["b"])], [("b", TENSORS["b"][:1])]]
)
def test_other_tensors_than_announced_leave_nothing(
    tmp_path: Path, given: list[tuple[str, np.ndarray]]
) -> None:
    with pytest.raises(ValueError, match=r"tensor|zip"):
        write_tensors(given, {"b": (2, 3), "a": (0,)}, {}, tmp_path / "x")
    assert not list(tmp_path.iterdir())


def patched(content: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    assert old in content
    return content.replace(old, new)


BAD: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda content: content[:-1],
    "longer": lambda content: content + b"x",
    "cut in the header": lambda content: content[:40],
    "empty": lambda content: b"",
    "a .npy file": lambda content: b"\x93NUMPY\x01\x00" + content,
    "a header that claims a terabyte": lambda content: (1 << 40).to_bytes(8, "little") + content[8:],
    "a shape that does not fit": lambda content: patched(content, b'"shape": [2, 3]', b'"shape": [2, 4]'),
    "a negative shape": lambda content: patched(content, b'"shape": [2, 3]', b'"shape": [-2,3]'),
    "another type": lambda content: patched(content, b'"dtype": "F16"', b'"dtype": "I16"'),
    "no metadata of ours": lambda content: patched(content, b'"sadm"', b'"mads"'),
    "metadata that are no JSON": lambda content: patched(content, b'{\\"fold\\"', b'{{{fold\\"'),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_damaged_or_foreign_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "a.safetensors")
    path.write_bytes(BAD[kind](path.read_bytes()))
    with pytest.raises(DataError, match=r"a\.safetensors") as error:
        open_tensors(path)
    assert error.value.cause
    assert error.value.fix


def test_a_missing_file_a_folder_and_a_file_of_another_tool_are_refused(tmp_path: Path) -> None:
    save_file({"a": np.zeros(3, np.float32)}, tmp_path / "other")
    for path in (tmp_path / "none", tmp_path, tmp_path / "other"):
        with pytest.raises(DataError, match="cannot be read"):
            open_tensors(path)
