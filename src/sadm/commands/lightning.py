"""The tensors of a PyTorch Lightning checkpoint, read without importing or calling anything that the file names.

A checkpoint is a zip archive: a pickle, and the raw bytes of each storage. A pickle is a program that names classes and
functions and has them called, so a usual reader runs whatever the file's author wished. Here every name is answered by an
empty placeholder: to call it makes another placeholder, and the state it is handed is dropped. So the OmegaConf objects among
Lightning's hyper-parameters, which ``torch.load(weights_only=True)`` refuses, do no harm, and need no OmegaConf. Tensors are
built here, from the numbers in the pickle and the bytes in the archive.

A name of Python's own library that is no plain data (os.system, builtins.eval) is refused: no checkpoint needs it.
"""

import pickle
import sys
import zipfile
from _compat_pickle import IMPORT_MAPPING
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor

from sadm.runtime.errors import DataError

# torch.save writes the names that Python 2 had for the modules.
LIBRARY = sys.stdlib_module_names | IMPORT_MAPPING.keys()
DATA_MODULES = {
    "argparse",
    "collections",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "pathlib",
    "typing",
    "uuid",
}
DATA_NAMES = {"copy_reg._reconstructor", "copyreg._reconstructor", "_codecs.encode", "_operator.getitem", "operator.getitem"} | {
    f"{module}.{name}"
    for module in ("builtins", "__builtin__")
    for name in ("object", "type", "bool", "int", "long", "float", "complex", "str", "unicode", "bytes", "bytearray",
                 "tuple", "list", "dict", "set", "frozenset", "slice", "range", "xrange")
}  # fmt: skip
DTYPES = {
    "torch.FloatStorage": torch.float32,
    "torch.DoubleStorage": torch.float64,
    "torch.HalfStorage": torch.float16,
    "torch.BFloat16Storage": torch.bfloat16,
    "torch.LongStorage": torch.int64,
    "torch.IntStorage": torch.int32,
}
TENSOR, PARAMETER = "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter"
FIX = "download or copy the checkpoint again; it must be one that PyTorch Lightning saved (PyTorch 1.6 or newer)"


class Placeholder:
    """Stands for whatever a pickle names: keeps what it was called with, and does nothing."""

    name = ""
    args: tuple[Any, ...]

    def __new__(cls, *args: Any, **kwargs: Any) -> "Placeholder":
        made = super().__new__(cls)
        made.args = args
        return made

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, item: Any) -> None:
        """Take and drop an item, as the containers do that it stands for."""

    extend = add = append


class Storage(Placeholder):
    """What the pickle says about a storage: (kind, type, key in the archive, device, length)."""

    name = "storage"


class Ordered(dict):
    """Stands for collections.OrderedDict, whose attributes (the modules' versions) are dropped."""

    def __setstate__(self, state: Any) -> None:
        pass


class Reader(pickle.Unpickler):
    """An unpickler that reaches nothing: every name is a placeholder, or refused."""

    path: str | Path

    def find_class(self, module: str, name: str) -> Any:
        """A class that stands for ``module.name``. Raises DataError for what no checkpoint holds."""
        full = f"{module}.{name}"
        if full == "collections.OrderedDict":
            return Ordered
        library = module.partition(".")[0] in LIBRARY and module not in DATA_MODULES
        # A name with a dot reaches through a module: pathlib, os.system.
        if "." in name or (library and full not in DATA_NAMES):
            raise DataError(
                "A checkpoint names code; nothing of it was run.",
                file=self.path,
                cause=f"its pickle asks for {full}",
                fix="do not use this file, and do not open it with torch.load",
            )
        return type("Named", (Placeholder,), {"name": full})

    def persistent_load(self, pid: Any) -> Storage:
        """The storage that ``pid`` describes."""
        return Storage(*pid)


def read(path: str | Path) -> dict[str, Tensor]:
    """The tensors of "state_dict" in the Lightning checkpoint at ``path``, by name, on the CPU.

    Optimiser states and hyper-parameters are not read. Raises DataError: missing, damaged or truncated, no Lightning
    checkpoint, an entry of "state_dict" that is no tensor, or a pickle that names code.
    """
    if not Path(path).is_file():
        raise DataError("A checkpoint is missing.", file=path, cause="no such file", fix="check the path")
    try:
        with zipfile.ZipFile(path) as archive:
            root = _root(archive)
            found = _unpickled(archive, f"{root}data.pkl", path)
            if not isinstance(found, dict) or not isinstance(found.get("state_dict"), dict):
                raise ValueError("it has no state_dict")
            if odd := [name for name in found["state_dict"] if not isinstance(name, str)]:
                raise ValueError(f"the name of a tensor is no text but {odd[0]!r}")
            return {name: _tensor(archive, root, name, value) for name, value in found["state_dict"].items()}
    except DataError:
        raise
    except Exception as error:  # a damaged pickle raises almost anything
        cause = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise DataError("A checkpoint cannot be read.", file=path, cause=cause, fix=FIX) from error


def _root(archive: zipfile.ZipFile) -> str:
    """Folder of the checkpoint in its archive, with a slash."""
    (pickled,) = [name for name in archive.namelist() if name.count("/") == 1 and name.endswith("/data.pkl")]
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
        raise ValueError("its archive is compressed, which torch.save never does")
    root = pickled.removesuffix("data.pkl")
    order = f"{root}byteorder"
    if order in archive.namelist() and archive.read(order).decode() != sys.byteorder:
        raise ValueError("it was written on a machine of another byte order")
    return root


def _unpickled(archive: zipfile.ZipFile, name: str, path: str | Path) -> Any:
    with archive.open(name) as stream:
        reader = Reader(stream)
        reader.path = path
        return reader.load()


def _tensor(archive: zipfile.ZipFile, root: str, name: Any, value: Any) -> Tensor:
    """The tensor that ``value`` describes; views of one storage are read one by one."""
    if isinstance(value, Placeholder) and value.name == PARAMETER:
        value = value.args[0]
    if not isinstance(value, Placeholder) or value.name != TENSOR:
        _no_tensor(name, value)
    storage, offset, size, stride = value.args[:4]
    if not isinstance(storage, Storage) or storage.args[1].name not in DTYPES:
        _no_tensor(name, storage.args[1] if isinstance(storage, Storage) else storage)
    _, kind, key, _, count = storage.args
    dtype, raw = DTYPES[kind.name], bytearray(archive.read(f"{root}data/{key}"))
    if len(raw) != count * dtype.itemsize:
        raise ValueError(f"{name} has {len(raw)} bytes, not {count * dtype.itemsize}")
    return torch.frombuffer(raw, dtype=dtype).as_strided(size, stride, offset)


def _no_tensor(name: Any, value: Any) -> NoReturn:
    kind = getattr(value, "name", type(value).__name__)
    raise ValueError(f"{name} is no tensor of numbers but {kind}")
