"""Safetensors files of float16, written one tensor at a time and read where they lie.

The format is 8 bytes, the length of the header (little-endian); the header, JSON; the tensors, one after the other. What the
file is about stands in the header's metadata, as JSON under one key.
"""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from sadm.runtime.errors import DataError
from sadm.runtime.files import REMAKE, atomic

KEY = "sadm"
KIND, HALF = "F16", np.dtype("<f2")  # the type's name in the header, and in numpy


def write_tensors(
    tensors: Iterable[tuple[str, np.ndarray]],
    shapes: Mapping[str, tuple[int, ...]],
    meta: Mapping[str, Any],
    path: str | Path,
) -> None:
    """Write named ``tensors``, one in memory at a time, as float16, atomically; equal content is equal bytes.

    ``shapes`` tells beforehand which are to come, in their order; ``meta`` is what the file is about, JSON-able.
    Raises ValueError for another tensor than announced, OutputError if the file cannot be written.
    """
    header: dict[str, Any] = {"__metadata__": {KEY: json.dumps(meta, sort_keys=True)}}
    end = 0
    for name, shape in shapes.items():
        begin, end = end, end + HALF.itemsize * math.prod(shape)
        header[name] = {"dtype": KIND, "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # the tensors begin at a multiple of 8
    with atomic(path) as tmp, open(tmp, "wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for announced, (name, tensor) in zip(shapes.items(), tensors, strict=True):
            if announced != (name, tensor.shape):
                raise ValueError(f"tensor {name} {tensor.shape} came for {announced}")
            stream.write(np.ascontiguousarray(tensor, dtype=HALF).data)


def open_tensors(path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What a file that `write_tensors` wrote is about, and its tensors by name: float16, memory-mapped, read-only.

    Raises DataError: missing, cut short, damaged, or another kind of file.
    """
    try:
        with safe_open(path, framework="np") as stored:  # refuses a header that does not fit the file
            meta = dict(json.loads((stored.metadata() or {})[KEY]))
        whole = np.memmap(path, np.uint8, "r")
        start = 8 + int.from_bytes(whole[:8].tobytes(), "little")
        header = json.loads(whole[8:start].tobytes())
        del header["__metadata__"]
        return meta, {name: _tensor(whole[start:], **about) for name, about in header.items()}
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        cause = f"{type(error).__name__}: {error}"
        raise DataError("A file of tensors cannot be read.", file=path, cause=cause, fix=REMAKE) from error


def _tensor(data: np.ndarray, dtype: str, shape: list[int], data_offsets: tuple[int, int]) -> np.ndarray:
    if dtype != KIND:
        raise ValueError(f"a tensor of {dtype}, not {KIND}")
    begin, end = data_offsets
    return data[begin:end].view(HALF).reshape(shape)
