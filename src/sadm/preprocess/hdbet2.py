"""HD-BET 2 (Isensee et al. 2019) in this process, through its API: no workers to leak, one verified mask a scan."""

import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from sadm.runtime.errors import DataError, MissingWeightsError, ProcessingError
from sadm.runtime.files import atomic, load_nifti, save_nifti

PARAMETERS = "~/hd-bet_params/release_2.0.0"
FILES = ("dataset.json", "plans.json", "fold_all/checkpoint_final.pth")


def find_parameters(folder: str | None) -> Path:
    """HD-BET's parameter folder, ``folder`` or its own default. Raises MissingWeightsError that lists what is absent."""
    place = Path(folder or PARAMETERS).expanduser()
    missing = [name for name in FILES if not (place / name).is_file()]
    if missing:
        raise MissingWeightsError(
            "HD-BET's parameters are not on this machine.",
            file=place,
            cause=f"missing: {', '.join(missing)}",
            fix=f"unpack the archive of Zenodo record 14445620 (release_v1.5.0.zip) so that {place} holds {', '.join(FILES)}; "
            "or name another folder in the config: brain.hdbet_parameters; or choose brain: deepbet for the data set",
        )
    return place


def numpy_numbers() -> list[Any]:
    """What the pickle of a numpy number names: nnU-Net keeps its training's scores as such, beside the weights."""
    import torch

    kinds = [type(np.dtype(name)) for name in ("float64", "float32", "int64", "int32", "bool")]
    scalar = np.float64(0).__reduce__()[0]
    return [np.dtype, *kinds, scalar, (scalar, "numpy.core.multiarray.scalar"), torch.device]


def load_predictor(parameters: Path, device: str, tta: bool, threads: int) -> Any:
    """HD-BET's nnU-Net predictor with the weights in ``parameters``, on "cpu" or a GPU, with or without mirroring.

    nnU-Net lets torch.load run whatever the checkpoint names; here it gets tensors and plain data only.
    Raises DataError if the parameters are damaged or hold anything else.
    """
    import torch

    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
    os.environ["nnUNet_def_n_proc"] = str(threads)  # noqa: SIM112
    # The search for the checkpoint's trainer imports every trainer; this one drags in timm and torchvision for nothing.
    sys.modules.setdefault(
        "nnunetv2.training.nnUNetTrainer.primus.primus_trainers", ModuleType("primus_trainers")
    )
    stdout = sys.stdout
    try:
        from HD_BET import hd_bet_prediction
    finally:
        sys.stdout = stdout  # the import resets it, past any log
    hd_bet_prediction.folder_with_parameter_files = str(parameters)
    try:
        with torch.serialization.safe_globals(numpy_numbers()):
            predictor = hd_bet_prediction.get_hdbet_predictor(use_tta=tta, device=torch.device(device))
    except Exception as error:  # whatever a damaged or hostile file makes the readers raise
        asked = re.search(r"GLOBAL (\S+)", str(error))  # torch's own text advises to run the code
        cause = f"it asks for {asked[1]}" if asked else f"{type(error).__name__}: {error}".partition("\n")[0]
        fix = "unpack the archive of Zenodo record 14445620 anew; do not open the checkpoint by other means"
        raise DataError(
            "HD-BET's parameters cannot be read.", file=parameters, cause=cause, fix=fix
        ) from error
    torch.set_num_threads(threads)
    predictor.allow_tqdm = False
    return predictor


def verify(mask: Path, head: Path) -> None:
    """Raise ProcessingError unless ``mask`` is a whole image of 0 and 1 on the grid of ``head``."""
    found, wanted = load_nifti(mask), load_nifti(head)
    values = np.unique(np.asarray(found.dataobj))
    same = found.shape == wanted.shape and np.allclose(found.affine, wanted.affine, atol=1e-4)
    if not same or not np.isin(values, (0, 1)).all():
        cause = f"shape {found.shape} for {wanted.shape}, values {values[:5].tolist()}"
        raise ProcessingError(
            "HD-BET left a mask that cannot be used.", file=head, cause=cause, fix="look at the scan"
        )


def predict(predictor: Any, head: Path, mask: Path) -> None:
    """Write the brain mask of the image ``head`` (axes as MNI152) to ``mask``, both ``.nii.gz``: verified, or not at all.

    The bytes are those of ``hd-bet --save_bet_mask``. Raises ProcessingError.
    """
    files = predictor.plans_manager.image_reader_writer_class()
    data, properties = files.read_images([str(head)])
    with atomic(mask) as tmp:
        files.write_seg(predictor.predict_single_npy_array(data, properties), str(tmp), properties)
        verify(tmp, head)


def stripper(
    parameters: Path, device: str, tta: bool, threads: int
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A function from a head [X, Y, Z] and its affine (axes as MNI152) to its brain mask, bool [X, Y, Z], verified.

    Raises DataError for damaged parameters, and the function ProcessingError.
    """
    predictor = load_predictor(parameters, device, tta, threads)

    def strip(head: np.ndarray, affine: np.ndarray) -> np.ndarray:
        with tempfile.TemporaryDirectory() as place:
            path, mask = Path(place, "head.nii.gz"), Path(place, "mask.nii.gz")
            save_nifti(head, affine, path)
            predict(predictor, path, mask)
            return np.asarray(load_nifti(mask).dataobj) > 0

    return strip
